//! The servers that the settings name, opened with what the pillar refers to.

use secrecy::SecretString;

use super::secrets::Reading;
use crate::error::Result;
use crate::model::Settings;
use crate::nomad::Nomad;

pub async fn nomad(settings: &Settings, reading: &Reading) -> Result<Nomad> {
    let token = match &settings.nomad.token {
        Some(token) => Some(reading.read(token).await?),
        None => None,
    };
    Nomad::open(&settings.nomad, token)
}

pub async fn consul_token(settings: &Settings, reading: &Reading) -> Result<Option<SecretString>> {
    match &settings.consul.token {
        Some(token) => reading.read(token).await.map(Some),
        None => Ok(None),
    }
}
