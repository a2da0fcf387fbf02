//! What a component was when `ensure_infrastructure` last left it as it was wanted.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::workdir::{read_json, write_json};

/// `ensured.json`: while all of it still is so, there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ensured {
    /// Keyed digest of all that a plan would be made from.
    pub fingerprint: String,
    /// Digest of `.terraform.lock.hcl`, where an init left one.
    pub lock_file: Option<String>,
    /// Of the state that it was left with.
    pub lineage: String,
    pub serial: u64,
    /// The configuration that is in that state.
    pub applied: Option<String>,
    /// As the terraform that was used told it.
    pub version: String,
}

impl Ensured {
    pub fn read(path: &Path) -> Result<Option<Self>> {
        read_json(path, "move it away: the next ensure_infrastructure writes it anew")
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }
}
