//! The values of a component's resources that are known and not in its state: `baseline.json`, 0600.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::change::{AbsorbedValues, AcceptedValues};
use crate::decide::RecordedState;
use crate::error::Result;
use crate::workdir::{read_json, write_json};

/// What the last look under the lock found, or what the first drift check accepted. Drift is what differs from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DriftBaseline {
    /// RFC 3339, UTC.
    pub time: String,
    /// The run or the check that wrote it.
    pub run_id: String,
    /// The state that it belongs to.
    pub lineage: String,
    pub serial: u64,
    /// Source of a provider to the version that read the values.
    pub providers: BTreeMap<String, String>,
    /// Paths and keyed digests. They reveal no value.
    pub resources: AcceptedValues,
    /// Changes from outside that applies have written into the state. Nobody has accepted them.
    #[serde(default, skip_serializing_if = "AbsorbedValues::is_empty")]
    pub absorbed: AbsorbedValues,
}

impl DriftBaseline {
    /// None if no look was ever recorded.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        read_json(path, "move the file away; the next drift check then accepts what it finds, and lists it")
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }

    /// Whether it belongs to this state. Before the first look it belongs to none.
    pub fn is_of(&self, state: &RecordedState) -> bool {
        !self.lineage.is_empty() && (&self.lineage, self.serial) == (&state.lineage, state.serial)
    }
}
