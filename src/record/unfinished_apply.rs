//! An apply that began. If the file exists at the start of a run, nobody saw the end of that apply.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::decide::{OrphanCandidate, PlannedCreation, RecordedState};
use crate::error::Result;
use crate::workdir::{read_json, remove, torn, write_json};

const REMEDY: &str = "restore it from a backup. Or compare the existing resources with the state, then move \
                      it away; resources that the interrupted apply began to create are then not reported";

/// Written before the first effect of an apply. Removed after the record is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnfinishedApply {
    pub run_id: String,
    /// The state before the apply. If the lineage is empty, there was no state.
    pub lineage: String,
    pub serial: u64,
    /// Number of managed instances in that state.
    pub resources: u64,
    /// Address to id of objects in that state that no longer existed. The apply creates new objects there.
    pub gone: BTreeMap<String, String>,
    /// Everything that the apply creates. Secrets were removed from the addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<PlannedCreation>,
    /// Whether the apply removes each resource in that state, at least for some time.
    pub empties: bool,
    /// The rendered backend block. Empty for the local backend.
    pub backend: String,
    /// sha256 of the local state file before the apply.
    pub digest: String,
    /// RFC 3339, UTC.
    pub started: String,
    pub pid: u32,
    pub boot_id: String,
    pub host: String,
    /// The folder in which terraform runs. If terraform cannot save a state, it writes it there.
    pub cwd: PathBuf,
    /// Whether the state that terraform printed in its stream, if any, is archived.
    pub archived: bool,
    /// The record before the apply. If it is different now, another host has changed the state.
    pub recorded: Option<String>,
    /// Possible orphans of earlier applies that no report contains yet.
    pub suspects: Vec<OrphanCandidate>,
}

impl UnfinishedApply {
    pub fn read(path: &Path) -> Result<Option<Self>> {
        match read_json::<Self>(path, REMEDY)? {
            Some(unfinished) if unfinished.run_id.is_empty() => {
                Err(torn(path, "it does not name a run", REMEDY))
            }
            found => Ok(found),
        }
    }

    /// When it returns, the file is complete and on disk.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }

    pub fn end(path: &Path) -> Result<()> {
        remove(path)
    }

    pub fn remembered(&self) -> RecordedState {
        RecordedState { lineage: self.lineage.clone(), serial: self.serial, resources: self.resources }
    }
}
