//! Data that must outlive a run. The next holder of the lock reads it.
//!
//! This room knows the outcome of the last run and the properties of its state. It must not know the workdir, which may
//! be lost.
//! In: a [`Record`] at the end of a run. Out: the same record at the start of the next run.

mod backend_lock;
mod drift_baseline;
mod ensured;
mod left_behind;
mod scheduled_check;
mod unfinished_apply;
mod unreported_orphans;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use backend_lock::BackendLockMarker;
pub use drift_baseline::DriftBaseline;
pub use ensured::Ensured;
pub use left_behind::LeftBehind;
pub use scheduled_check::{CachedOutputs, FailedCheck, ObservedDrift};
pub use unfinished_apply::UnfinishedApply;
pub use unreported_orphans::UnreportedOrphans;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::change::Machines;
use crate::decide::{Baseline, BatchGoal, FailedVersion, Previous, RecordedState, State};
use crate::error::{Error, Result};
use crate::model::{Name, Output};
use crate::report::{Status, Warning};
use crate::workdir::{read_json, write_json};

/// The version of the record's format.
const SCHEMA: u32 = 1;

/// The last run of a component that changed or confirmed its state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    pub schema: u32,
    pub run_id: String,
    /// The status word of the report.
    pub outcome: String,
    /// RFC 3339, UTC.
    pub finished: String,
    pub host: String,
    pub terraform: String,
    /// Identifies what that run was to deploy.
    #[serde(default)]
    pub deployment_id: String,
    pub lineage: String,
    pub serial: u64,
    pub resources: u64,
    /// The components it depended on.
    pub edges: BTreeSet<String>,
    /// The folder inside the module in which terraform runs.
    pub subdir: String,
    /// The component's entry in the pillar, with merged levels and without literal variables. A later destroy needs it.
    pub declared: Map<String, Value>,
    /// The rendered backend block. Empty for the local backend.
    pub backend: String,
    /// Digest of the configuration that was last applied completely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// The outputs that this configuration declares. None if the last apply was not complete, and in a record of
    /// version 0.1.0. Then an output that is missing in the state has no value yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<BTreeMap<String, Output>>,
    /// Digest of the known-good configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_good: Option<String>,
    /// What was known good before it. None in a record of version 0.2.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// The goal of the last rollback, until another configuration is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
    /// Addresses with a perpetual diff: each plan of the known-good configuration finds a change there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub residue: BTreeSet<String>,
    /// The version that failed last. It is kept until it works or the pillar asks for another version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedVersion>,
    /// Job (`web@default`) to the registration that the last run followed, if that is not the one in the state.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub followed: BTreeMap<String, u64>,
    /// Jobs in `followed` that were changed outside of Terraform. They count as drift until they are changed back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub foreign: BTreeSet<String>,
    /// The machines in the state. None in a record of version 0.2.0 or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machines: Option<Machines>,
    /// What Terraform warned about in that run, failed checks included. Masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Why nothing may be applied until a person has acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<FailedRollback>,
}

/// A failed rollback.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailedRollback {
    pub run_id: String,
    /// RFC 3339, UTC.
    pub since: String,
    pub message: String,
}

impl Record {
    /// None if this component never ran.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let remedy = "restore it from a backup. Or check that the component's state is complete, then move \
                      this file away; the next run writes it again from the state";
        read_json(path, remedy)
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, &Self { schema: SCHEMA, ..self.clone() })
    }

    /// A text that distinguishes records of one component. It does not depend on clocks, so it does not say which is
    /// later.
    pub fn mark(record: Option<&Self>) -> String {
        record.map(|record| format!("{} {}", record.run_id, record.finished)).unwrap_or_default()
    }

    /// The failed version, if it is also the one that was applied last.
    pub fn applied_and_failed(&self) -> Option<&FailedVersion> {
        self.failed.as_ref().filter(|failed| self.applied.as_ref() == Some(&failed.configuration))
    }

    /// Whether the last apply put its whole configuration into the state. A record of version 0.1.0 does not say it.
    pub fn is_complete(&self) -> bool {
        self.outputs.is_some() || Status::from_word(&self.outcome).ended_well()
    }

    /// A batch job that was healthy in this configuration may work again.
    pub fn batch_goal(&self) -> BatchGoal {
        match self.known_good.is_some() && self.known_good == self.applied {
            true => BatchGoal::Working,
            false => BatchGoal::Complete,
        }
    }

    pub fn baseline(&self) -> Baseline {
        Baseline {
            applied: self.applied.clone(),
            known_good: self.known_good.clone(),
            previous: self.previous.clone(),
            back: self.back.clone(),
        }
    }

    /// The configurations that a later run may need.
    pub fn configurations(&self) -> BTreeSet<&str> {
        let previous = match &self.previous {
            Some(Previous::Configuration(digest)) => Some(digest),
            Some(Previous::Nothing) | None => None,
        };
        let all = [self.applied.as_ref(), self.known_good.as_ref(), previous, self.back.as_ref()];
        all.into_iter().flatten().map(String::as_str).collect()
    }

    /// Nothing of it exists, or only what a destroy has kept.
    pub fn is_gone(&self) -> bool {
        Status::from_word(&self.outcome).is_taken_down() || (self.applied.is_none() && self.resources == 0)
    }

    /// The state together with its null outputs, if the record says that exactly this state was applied completely.
    pub fn with_nulls(&self, state: Option<State>) -> Option<State> {
        let Some(declared) = self.outputs.as_ref().filter(|declared| !declared.is_empty()) else {
            return state;
        };
        // A module with only null outputs and without resources has no state.
        let recorded = state.as_ref().map(State::remembered).unwrap_or_default();
        match (&recorded.lineage, recorded.serial) == (&self.lineage, self.serial) {
            true => Some(state.unwrap_or_default().with_nulls(declared)),
            false => state,
        }
    }

    pub fn remembered(&self) -> RecordedState {
        RecordedState { lineage: self.lineage.clone(), serial: self.serial, resources: self.resources }
    }
}

/// All components with a record below a `components` folder, sorted by name. If a record cannot be read, only its
/// component has an error.
pub fn all(folder: &Path) -> Result<Vec<(Name, Result<Record>)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file(folder, "read the folder", error)),
    };
    let mut records = Vec::new();
    for entry in entries.flatten() {
        let Ok(name) = Name::new(&entry.file_name().to_string_lossy()) else {
            continue;
        };
        let record = Record::read(&entry.path().join("record.json")).transpose();
        records.extend(record.map(|record| (name, record)));
    }
    records.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(records)
}
