//! The servers that the settings name, opened with what the pillar refers to.

use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::secrets::Reading;
use super::session::Session;
use crate::error::{Phase, Result};
use crate::model::Settings;
use crate::nomad::Nomad;

/// How long a Nomad that is away for a moment is waited for, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(500);

pub async fn nomad(settings: &Settings, reading: &Reading) -> Result<Nomad> {
    let token = match &settings.nomad.token {
        Some(token) => Some(reading.read(token).await?),
        None => None,
    };
    Nomad::open(&settings.nomad, token)
}

/// Asks again while nobody answers; an error where somebody asks us to stop.
pub async fn patiently<T, E>(
    session: &Session,
    is_away: impl Fn(&E) -> bool,
    ask: impl AsyncFn() -> std::result::Result<T, E>,
) -> Result<std::result::Result<T, E>> {
    let began = Instant::now();
    loop {
        session.go_on(Phase::Preparation)?;
        match ask().await {
            Err(trouble) if is_away(&trouble) && began.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await
            }
            answer => return Ok(answer),
        }
    }
}

pub async fn consul_token(settings: &Settings, reading: &Reading) -> Result<Option<SecretString>> {
    match &settings.consul.token {
        Some(token) => reading.read(token).await.map(Some),
        None => Ok(None),
    }
}
