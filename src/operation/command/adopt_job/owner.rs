//! Finds another environment of the pillar that has the job.
//!
//! A job that was taken over keeps its own meta, so the job itself does not say whose it is.

use std::path::PathBuf;

use serde_json::Value;

use super::found::{WantedJob, belongs};
use crate::decide::State;
use crate::error::{Error, Result};
use crate::model::{self, Draft, Name, NomadServer, Overrides};
use crate::operation::exec::servers;
use crate::operation::store::lock_service;
use crate::operation::store::records::Records;
use crate::words::words;
use crate::workdir::Layout;

/// `nomad` is the server that has the job, `name` the component that it would be in each environment.
pub async fn refuse_owned(
    pillar: &Value,
    nomad: &NomadServer,
    wanted: &WantedJob,
    name: &Name,
) -> Result<()> {
    let names = pillar["environments"].as_object().into_iter().flatten().map(|(name, _)| name);
    let others = names.filter(|name| *name != wanted.environment.as_str());
    let drafts = others.filter_map(|name| model::read(pillar, name, &Overrides::default()).0);
    for other in drafts {
        let has_it = has(&other, nomad, wanted, name).await.map_err(|error| {
            let message =
                words![format!("whether {} has the job is not known: ", other.environment), &error.message];
            Error { message, ..error }
        });
        if let Some(state) = has_it? {
            let (job, environment) = (&wanted.name.id, other.environment.as_str());
            return Err(belongs(job, name.as_str(), environment, state.as_deref()));
        }
    }
    Ok(())
}

/// Whether that environment has it: in a state of this host, whose path this returns, or else by a record, which may be
/// in Consul.
async fn has(
    other: &Draft,
    nomad: &NomadServer,
    wanted: &WantedJob,
    name: &Name,
) -> Result<Option<Option<PathBuf>>> {
    let declared = other.components.get(name);
    let theirs = declared.map_or_else(
        || other.settings.nomad.clone(),
        |component| servers::nomad_settings(&other.settings, component),
    );
    if (&theirs.address, &theirs.region) != (&nomad.address, &nomad.region) {
        return Ok(None);
    }
    let paths = Layout::new(&other.settings.root, &other.environment)?.component(name)?;
    let state = std::fs::read(paths.state()).ok().and_then(|text| State::parse(&text).ok());
    if let Some(state) = state {
        let is_it = |id: &str, namespace: &str| id == wanted.name.id && namespace == wanted.name.namespace;
        let has_it = state.jobs.iter().any(|job| is_it(&job.id, &job.namespace));
        return Ok(has_it.then(|| Some(paths.state())));
    }
    if declared.is_none() || theirs.namespace != wanted.name.namespace {
        return Ok(None);
    }
    let locks = lock_service::service(&other.settings)?;
    let records = Records { locks: &locks, environment: &other.environment };
    let record = records.latest(name, &paths).await?;
    Ok(record.is_some_and(|record| !record.is_gone()).then_some(None))
}
