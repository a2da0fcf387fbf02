//! Clients of the servers that the settings name, with their credentials from the pillar.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use crate::error::Result;
use crate::http;
use crate::model::{Component, Input, NomadServer, Settings, Source, service_name};
use crate::nomad::NomadClient;
use crate::operation::session::secrets::SecretReader;

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
    let server = component.map_or_else(|| settings.nomad.clone(), |one| nomad_settings(settings, one));
    NomadClient::open(&server, token)
}

/// The Nomad of a component. A service may name a region and a namespace of its own.
pub fn nomad_settings(settings: &Settings, component: &Component) -> NomadServer {
    let mut server = settings.nomad.clone();
    if is_service(component) {
        let said = |name: &str| component.inputs.get(name).and_then(Input::literal).and_then(Value::as_str);
        server.region = said("region").map(str::to_owned).or(server.region);
        server.namespace = namespace(settings, component.inputs.get("namespace").and_then(Input::literal));
    }
    server
}

/// Whether the component is a service. One that is planned with an earlier configuration has a stored module.
pub fn is_service(component: &Component) -> bool {
    let is_stored = component.literals_are_stored && component.inputs.contains_key("datacenters");
    match &component.source {
        Some(Source::Service(_)) => true,
        _ => is_stored && service_name(component.name.as_str()).is_some(),
    }
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
