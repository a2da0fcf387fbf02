//! A terraform that takes the lock of its backend. If the file exists at the start of a run, that terraform was killed
//! while it may have held the lock.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::workdir::{read_json, write_json};

/// Written before a plan or an apply on a remote backend. Removed after terraform has exited by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackendLockMarker {
    pub run_id: String,
    /// `plan` or `apply`. Its stream has the same name.
    pub step: String,
    /// RFC 3339 with nanoseconds, UTC.
    pub started: String,
    pub host: String,
}

impl BackendLockMarker {
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let remedy = "restore it from a backup, or move it away; Eos then does not automatically release a \
                      lock that a killed terraform left in the backend";
        read_json(path, remedy)
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }
}
