//! An apply that began. Whoever finds it at the start of a run knows that nobody saw its end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::decide::{Remembered, Suspect};
use crate::error::Result;
use crate::workdir::{read_json, remove, torn, write_json};

const REMEDY: &str = "put it back from a backup. Or compare the resources that exist with the state, then move it away: \
                      what that apply began to create is then not reported";

/// Written before an apply's first effect, removed once its record is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Underway {
    pub run_id: String,
    /// The state before it; without a lineage there was none.
    pub lineage: String,
    pub serial: u64,
    /// Managed instances in that state.
    pub resources: u64,
    /// Address to id of what that state had and the world had no more: another is created there.
    pub gone: BTreeMap<String, String>,
    /// The rendered backend block; empty for the local one.
    pub backend: String,
    /// sha256 of the local state's file before it.
    pub digest: String,
    /// RFC 3339, UTC.
    pub started: String,
    pub pid: u32,
    pub boot_id: String,
    pub host: String,
    /// Where terraform runs: what it cannot save it leaves there.
    pub cwd: PathBuf,
    /// The dump in its stream, if it has one, is archived.
    pub archived: bool,
    /// The record that was there before it; another one since tells that another host has worked on the state.
    pub recorded: Option<String>,
    /// What earlier applies may have left, and no report has told yet.
    pub suspects: Vec<Suspect>,
}

impl Underway {
    pub fn read(path: &Path) -> Result<Option<Self>> {
        match read_json::<Self>(path, REMEDY)? {
            Some(underway) if underway.run_id.is_empty() => Err(torn(path, "it names no run", REMEDY)),
            found => Ok(found),
        }
    }

    /// Whole and on disk when it returns.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }

    pub fn end(path: &Path) -> Result<()> {
        remove(path)
    }

    pub fn remembered(&self) -> Remembered {
        Remembered { lineage: self.lineage.clone(), serial: self.serial, resources: self.resources }
    }
}
