//! Possible orphans that a run found and must report. The run may die before its report is written.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::decide::OrphanCandidate;
use crate::error::Result;
use crate::workdir::{read_json, remove, write_json};

/// Written before the file that led to them is removed. Removed after the report of `run_id` is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnreportedOrphans {
    /// The run that must report them.
    pub run_id: String,
    pub suspects: Vec<OrphanCandidate>,
}

impl UnreportedOrphans {
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let remedy = "restore it from a backup, or move it away; the possible orphans in it are then not \
                      reported";
        match read_json(path, remedy)? {
            Some(orphans) => Ok(Some(orphans)),
            None => read_json(&earlier_name(path), remedy),
        }
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }

    pub fn end(path: &Path) -> Result<()> {
        remove(path)?;
        remove(&earlier_name(path))
    }
}

/// The name of this file in 0.2.0 and earlier.
fn earlier_name(path: &Path) -> PathBuf {
    path.with_file_name("untold.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_an_earlier_version_is_read_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, earlier) =
            (folder.path().join("unreported_orphans.json"), folder.path().join("untold.json"));
        std::fs::write(&earlier, r#"{"run_id":"R","suspects":[]}"#).unwrap();
        assert_eq!(UnreportedOrphans::read(&path).unwrap().unwrap().run_id, "R");

        UnreportedOrphans { run_id: "S".to_owned(), suspects: Vec::new() }.write(&path).unwrap();
        assert_eq!(UnreportedOrphans::read(&path).unwrap().unwrap().run_id, "S");

        UnreportedOrphans::end(&path).unwrap();
        assert_eq!(UnreportedOrphans::read(&path).unwrap(), None);
        assert!(!earlier.exists());
    }
}
