//! The servers that the settings name, opened with what the pillar refers to.

use secrecy::SecretString;

use super::inputs;
use crate::error::Result;
use crate::model::Settings;
use crate::nomad::Nomad;

pub fn nomad(settings: &Settings) -> Result<Nomad> {
    let token = settings.nomad.token.as_ref().map(inputs::read).transpose()?;
    Nomad::open(&settings.nomad, token)
}

pub fn consul_token(settings: &Settings) -> Result<Option<SecretString>> {
    settings.consul.token.as_ref().map(inputs::read).transpose()
}
