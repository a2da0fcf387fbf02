//! Possible orphans that a run found and must report. The run may die before its report is written.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::decide::Suspect;
use crate::error::Result;
use crate::workdir::{read_json, remove, write_json};

/// Written before the file that led to them is removed. Removed after the report of `run_id` is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Untold {
    /// The run that must report them.
    pub run_id: String,
    pub suspects: Vec<Suspect>,
}

impl Untold {
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let remedy = "restore it from a backup, or move it away; the possible orphans in it are then not \
                      reported";
        read_json(path, remedy)
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }

    pub fn end(path: &Path) -> Result<()> {
        remove(path)
    }
}
