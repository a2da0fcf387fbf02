//! The last run of an environment that changed resources, in Consul beside the locks: another master can resume it.

use serde::{Deserialize, Serialize};

use super::lock_service::service;
use crate::error::Result;
use crate::journal::RunStart;
use crate::lock::LockService;
use crate::model::{Name, Settings};
use crate::operation::runtime::runtime;

#[derive(Debug, Serialize, Deserialize)]
pub struct LastRun {
    pub began: RunStart,
    /// The run completed everything that was requested.
    pub complete: bool,
}

/// A failure stops nothing: this host has the journal of the run.
pub async fn tell(locks: &LockService, environment: &Name, began: &RunStart, complete: bool) {
    let LockService::Consul(consul) = locks else { return };
    if !began.changes_things() || began.is_about_drift() {
        return;
    }
    // A run that resumes it makes its own order.
    let last = LastRun { began: RunStart { order: None, ..began.clone() }, complete };
    let text = serde_json::to_vec(&last).unwrap_or_default();
    if let Err(error) = consul.put_run(environment.as_str(), text).await {
        tracing::warn!("another master cannot resume this run: {error}");
    }
}

pub fn read(settings: &Settings, environment: &Name) -> Result<Option<LastRun>> {
    let LockService::Consul(consul) = service(settings)? else { return Ok(None) };
    let text = runtime()?.block_on(consul.run(environment.as_str()))?;
    // A record of a later version cannot be read.
    Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
}
