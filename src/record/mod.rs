//! What must outlive a run: the next holder of the lock reads it.
//!
//! Knows the last run's outcome and what its state was. Must not know the workdir, which may be lost.
//! Through it passes: a [`Record`] in at the end of a run, out at the start of the next.

mod ensured;
mod locking;
mod synced;
mod underway;
mod untold;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use ensured::Ensured;
pub use locking::Locking;
pub use synced::{Known, Observed};
pub use underway::Underway;
pub use untold::Untold;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::decide::{FailedVersion, Remembered, Standing, State};
use crate::error::{Error, Result};
use crate::model::{Name, Output};
use crate::workdir::{read_json, write_json};

/// The version of this shape.
const SCHEMA: u32 = 1;

/// One component's last run that changed or confirmed its state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    pub schema: u32,
    pub run_id: String,
    /// The report's status word.
    pub outcome: String,
    /// RFC 3339, UTC.
    pub finished: String,
    pub host: String,
    pub terraform: String,
    /// Of what that run was to make.
    #[serde(default)]
    pub deployment_id: String,
    pub lineage: String,
    pub serial: u64,
    pub resources: u64,
    /// What it depended on.
    pub edges: BTreeSet<String>,
    /// Where in the module terraform runs.
    pub subdir: String,
    /// Its pillar entry, levels merged, without literal variables: what a later destroy needs.
    pub declared: Map<String, Value>,
    /// The rendered backend block; empty for the local one.
    pub backend: String,
    /// Digest of the configuration that the state was last applied with in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// The outputs that this configuration declares. None where the last apply was not complete, and in a record of
    /// 0.1.0: then an output that is not in the state has no value yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<BTreeMap<String, Output>>,
    /// Digest of the configuration that is known to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_good: Option<String>,
    /// Addresses that a plan of that one finds to change again and again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub residue: BTreeSet<String>,
    /// The version that failed last, until it works or the pillar asks for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedVersion>,
    /// Jobs (`web@default`) to the registration that the last run followed, where it is not the one in the state.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub followed: BTreeMap<String, u64>,
    /// Those of them that were changed outside of Terraform: drift tells them until they are put back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub foreign: BTreeSet<String>,
    /// Why nothing may be applied before somebody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Blocked>,
}

/// A way back that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Blocked {
    pub run_id: String,
    /// RFC 3339, UTC.
    pub since: String,
    pub message: String,
}

impl Record {
    /// None where this component never ran.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let remedy = "put it back from a backup. Or see that the component's state is whole, then move this file away: \
                      the next run makes it anew from the state";
        read_json(path, remedy)
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, &Self { schema: SCHEMA, ..self.clone() })
    }

    /// What tells one record of a component from another; no clock decides which is the later.
    pub fn mark(record: Option<&Self>) -> String {
        record.map(|record| format!("{} {}", record.run_id, record.finished)).unwrap_or_default()
    }

    /// The version that failed, where it is the one that was applied last.
    pub fn applied_and_failed(&self) -> Option<&FailedVersion> {
        self.failed.as_ref().filter(|failed| self.applied.as_ref() == Some(&failed.configuration))
    }

    pub fn standing(&self) -> Standing {
        Standing { applied: self.applied.clone(), known_good: self.known_good.clone() }
    }

    /// This state with its null outputs, where the record says that just this state was applied in full.
    pub fn with_nulls(&self, state: Option<State>) -> Option<State> {
        let Some(declared) = self.outputs.as_ref().filter(|declared| !declared.is_empty()) else {
            return state;
        };
        // A module whose outputs are all null, and that has no resource, has no state.
        let found = state.as_ref().map(State::remembered).unwrap_or_default();
        match (&found.lineage, found.serial) == (&self.lineage, self.serial) {
            true => Some(state.unwrap_or_default().with_nulls(declared)),
            false => state,
        }
    }

    pub fn remembered(&self) -> Remembered {
        Remembered { lineage: self.lineage.clone(), serial: self.serial, resources: self.resources }
    }
}

/// Every component that has a record below a `components` folder, in the order of their names. One that cannot be read
/// is an error of that component alone.
pub fn all(folder: &Path) -> Result<Vec<(Name, Result<Record>)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file(folder, "read the folder", &error)),
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
