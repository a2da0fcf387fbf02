//! Clients of the servers that the settings name, with their credentials from the pillar.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use crate::error::Result;
use crate::http;
use crate::model::{Component, Input, Settings, Source};
use crate::nomad::NomadClient;
use crate::operation::session::secrets::SecretReader;

/// A service's own region is used if it names one.
pub async fn nomad(settings: &Settings, component: &Component, reader: &SecretReader) -> Result<NomadClient> {
    nomad_for(settings, Some(component), reader).await
}

/// The same for a job that may belong to no component.
pub async fn nomad_for(
    settings: &Settings,
    component: Option<&Component>,
    reader: &SecretReader,
) -> Result<NomadClient> {
    let token = match &settings.nomad.token {
        Some(token) => Some(reader.read(token).await?),
        None => None,
    };
    let mut server = settings.nomad.clone();
    if let Some(component) = component
        && let Some(Source::Service(_)) = &component.source
        && let Some(region) = component.inputs.get("region").and_then(Input::literal).and_then(Value::as_str)
    {
        server.region = Some(region.to_owned());
    }
    NomadClient::open(&server, token)
}

/// The namespace of a job: from its component, or else from the settings.
pub fn namespace(settings: &Settings, said: Option<&Value>) -> String {
    said.and_then(Value::as_str).unwrap_or(&settings.nomad.namespace).to_owned()
}

/// Repeats a request while the server is unreachable, as long as the run may continue.
pub async fn patiently<T, E>(
    nomad: &NomadClient,
    go_on: impl AsyncFn() -> Result<()>,
    is_away: impl Fn(&E) -> bool,
    ask: impl AsyncFn() -> std::result::Result<T, E>,
) -> Result<std::result::Result<T, E>> {
    let ask = async || {
        go_on().await?;
        Ok(ask().await)
    };
    let retry_after = |answer: &Result<std::result::Result<T, E>>| match answer {
        Ok(Err(trouble)) if is_away(trouble) => Some(Duration::ZERO),
        _ => None,
    };
    http::patiently(nomad.retry_for, retry_after, ask).await
}

pub async fn consul_token(settings: &Settings, reader: &SecretReader) -> Result<Option<SecretString>> {
    match &settings.consul.token {
        Some(token) => reader.read(token).await.map(Some),
        None => Ok(None),
    }
}
