//! What a deleted service has left: `left_data.json`. It has names, and no secret.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::model::LeftData;
use crate::workdir::{read_json, write_json};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// Where its job was.
    pub namespace: String,
    pub region: Option<String>,
    pub data: BTreeSet<LeftData>,
}

impl LeftBehind {
    /// None if no service of this name was deleted with data.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        read_json(
            path,
            "move the file away; the data that it names then stay, and have to be removed by hand",
        )
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }
}
