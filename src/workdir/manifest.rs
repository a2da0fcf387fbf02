//! What we put into a workdir, and what stood there when we left: a hand's edits show against it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Place;
use super::files::{read_json, write};
use crate::digest::sha256;
use crate::error::{Error, Layer, Phase, Result};

/// Paths are relative to the workdir, with forward slashes; digests are sha256 in hexadecimal.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Files of the module that we wrote.
    #[serde(default)]
    pub written: BTreeMap<String, String>,
    /// Files that a run began to write, and may have been killed over: each stands there as before, or so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub writing: BTreeMap<String, String>,
    /// Configuration that stood in the workdir when the last run ended.
    #[serde(default)]
    configuration: BTreeMap<String, String>,
    /// An apply began and its end was not seen: what the module wrote is not known.
    #[serde(default)]
    open: bool,
}

impl Manifest {
    /// Reads it, and refuses configuration that somebody changed or added by hand.
    pub fn open(place: &Place) -> Result<Self> {
        let manifest: Self = read_json(&place.manifest())?.unwrap_or_default();
        if manifest.open {
            return Ok(manifest);
        }
        let found = configuration(&place.workdir)?;
        let touched: Vec<_> = found
            .iter()
            .filter(|(path, digest)| {
                [&manifest.configuration, &manifest.writing]
                    .iter()
                    .all(|known| known.get(*path) != Some(digest))
            })
            .map(|(path, _)| place.workdir.join(path).display().to_string())
            .collect();
        if touched.is_empty() {
            return Ok(manifest);
        }
        let message = format!("changed or added by hand in the workdir: {}", touched.join(", "));
        let remedy = "take the change into the module's source, then remove these files and run again";
        Err(Error::new(Layer::Host, Phase::Preparation, "edited_by_hand", message, remedy)
            .with(serde_json::json!({ "files": touched })))
    }

    /// Before the first of these files is written.
    pub fn begin_writing(&mut self, place: &Place, files: BTreeMap<String, String>) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        self.writing.extend(files);
        self.write(place)
    }

    /// Before an apply, which may write files of its own.
    pub fn begin_apply(&mut self, place: &Place) -> Result<()> {
        self.open = true;
        self.write(place)
    }

    /// At the end of a run: what stands there now is ours or the module's.
    pub fn seal(&mut self, place: &Place) -> Result<()> {
        let configuration = configuration(&place.workdir)?;
        let moved = self.open || !self.writing.is_empty() || self.configuration != configuration;
        if moved || !place.manifest().exists() {
            (self.open, self.configuration) = (false, configuration);
            self.writing.clear();
            self.write(place)?;
        }
        Ok(())
    }

    /// Whole or absent, but not synced: what a power cut takes away costs one refusal, and no state.
    pub fn write(&self, place: &Place) -> Result<()> {
        let path = place.manifest();
        let bytes = serde_json::to_vec(self).map_err(|error| Error::file(&path, "write", &error.into()))?;
        write(&path, &bytes)
    }
}

/// What Terraform would read: *.tf, *.tf.json, *.tfvars, *.tfvars.json; `.terraform` is init's.
fn configuration(workdir: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    walk(workdir, "", &mut found)?;
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file(folder, "read the folder", &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Error::file(folder, "read the folder", &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| Error::file(&path, "read", &error))?;
        if kind.is_dir() {
            if name != ".terraform" {
                walk(&path, &format!("{prefix}{name}/"), found)?;
            }
        } else if [".tf", ".tf.json", ".tfvars", ".tfvars.json"].iter().any(|end| name.ends_with(end)) {
            let bytes = fs::read(&path).map_err(|error| Error::file(&path, "read", &error))?;
            found.insert(format!("{prefix}{name}"), sha256(&bytes));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;
    use crate::workdir::{Layout, ensure_private};

    #[test]
    fn what_a_killed_run_had_begun_to_write_is_not_taken_for_a_hands() {
        let root = tempfile::tempdir().unwrap();
        let place =
            Layout::new(root.path(), &Name::new("staging").unwrap()).place(&Name::new("net").unwrap());
        ensure_private(place.control()).unwrap();
        ensure_private(&place.workdir).unwrap();
        let file = "terraform.tfvars.json";
        let write = |text: &str| fs::write(place.workdir.join(file), text).unwrap();
        write("one");
        Manifest::default().seal(&place).unwrap();
        let mut killed = Manifest::open(&place).unwrap();
        killed.begin_writing(&place, BTreeMap::from([(file.to_owned(), sha256(b"two"))])).unwrap();
        // It may have come to it or not.
        Manifest::open(&place).unwrap();
        write("two");
        let mut next = Manifest::open(&place).unwrap();
        write("three");
        assert_eq!(Manifest::open(&place).unwrap_err().code, "edited_by_hand");
        // Once all is written, what was there before is a hand's.
        write("two");
        next.seal(&place).unwrap();
        write("one");
        assert_eq!(Manifest::open(&place).unwrap_err().code, "edited_by_hand");
    }
}
