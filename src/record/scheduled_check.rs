//! Results of scheduled checks of a component, 0600: the drift that they found, and the outputs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decide::RepeatedFinding;
use crate::error::Result;
use crate::workdir::{read_json, remove, write_json};

/// The current drift, `drift.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedDrift {
    pub drift_id: String,
    pub seen: u64,
    pub alerted: bool,
    /// RFC 3339, UTC: the first check that found exactly this drift, and the last one.
    pub first: String,
    pub last: String,
}

impl ObservedDrift {
    /// None if the last check found nothing, or if there was no check.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        read_json(path, "move the file away; Eos then counts from zero how often this drift was found")
    }

    pub fn finding(&self) -> RepeatedFinding {
        RepeatedFinding { id: self.drift_id.clone(), seen: self.seen, alerted: self.alerted }
    }

    /// Stores what a check at `now` found. If it found nothing, the file is removed.
    pub fn remember(
        path: &Path,
        before: Option<&Self>,
        found: Option<RepeatedFinding>,
        now: &str,
    ) -> Result<()> {
        let Some(RepeatedFinding { id: drift_id, seen, alerted }) = found else { return remove(path) };
        let same = before.filter(|before| before.drift_id == drift_id);
        let first = same.map_or(now, |same| &same.first).to_owned();
        write_json(path, &Self { drift_id, seen, alerted, first, last: now.to_owned() })
    }
}

/// Why the last checks could not run, `failed_check.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCheck {
    pub reason: String,
    pub seen: u64,
    pub alerted: bool,
    /// RFC 3339, UTC: the first check in a row that failed for this reason.
    pub since: String,
}

impl FailedCheck {
    /// None if the last check ran, or if there was no check.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        read_json(path, "move the file away; Eos then counts from zero how often the check failed")
    }

    pub fn finding(&self) -> RepeatedFinding {
        RepeatedFinding { id: self.reason.clone(), seen: self.seen, alerted: self.alerted }
    }

    /// Stores what a check at `now` found. If it ran, the file is removed.
    pub fn remember(
        path: &Path,
        before: Option<&Self>,
        found: Option<RepeatedFinding>,
        now: &str,
    ) -> Result<()> {
        let Some(RepeatedFinding { id: reason, seen, alerted }) = found else { return remove(path) };
        let same = before.filter(|before| before.reason == reason);
        let since = same.map_or(now, |same| &same.since).to_owned();
        write_json(path, &Self { reason, seen, alerted, since })
    }
}

/// The outputs that a check found, `outputs.json`. They contain no secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CachedOutputs {
    /// RFC 3339, UTC.
    pub time: String,
    pub outputs: BTreeMap<String, Value>,
    /// Names of the outputs that are secret.
    pub sensitive: Vec<String>,
}

impl CachedOutputs {
    /// None if there was no check since the component was first applied.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        read_json(path, "move the file away; the next sync_states writes it again")
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }
}
