//! The properties of a component when `ensure_infrastructure` last found or made it as required.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::workdir::{read_json, write_json};

/// `ensured.json`. As long as all of it is still true, there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ensured {
    /// Keyed digest of everything that a plan would be made from.
    pub fingerprint: String,
    /// Digest of `.terraform.lock.hcl`, if an init wrote one.
    pub lock_file: Option<String>,
    /// Lineage of the state at that time.
    pub lineage: String,
    pub serial: u64,
    /// The configuration that is applied in that state.
    pub applied: Option<String>,
    /// The version that the terraform in use reported.
    pub version: String,
}

impl Ensured {
    pub fn read(path: &Path) -> Result<Option<Self>> {
        read_json(path, "move the file away; the next ensure_infrastructure writes it again")
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }
}
