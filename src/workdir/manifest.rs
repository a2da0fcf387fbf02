//! The list of files that Eos wrote into a workdir, and of the configuration at the end of the last run. Manual edits
//! are found by comparison with it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ComponentPaths;
use crate::digest::sha256;
use crate::disk::{read_json, write};
use crate::error::{Code, Error, Layer, Phase, Result};

/// Paths are relative to the workdir, with forward slashes; digests are sha256 in hexadecimal.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Files of the module that Eos wrote, or was about to write when it died.
    #[serde(default)]
    pub written: BTreeMap<String, String>,
    /// The configuration files in the workdir at the end of the last run.
    #[serde(default)]
    configuration: BTreeMap<String, String>,
    /// An apply began and Eos did not see its end. So it is not known which files the module wrote.
    #[serde(default)]
    open: bool,
}

impl Manifest {
    /// Reads the manifest, and refuses configuration that a person changed or added.
    pub fn open(paths: &ComponentPaths) -> Result<Self> {
        let manifest: Self = read_json(&paths.manifest(), &remedy(paths))?.unwrap_or_default();
        if manifest.open {
            return Ok(manifest);
        }
        let files = configuration(&paths.workdir)?;
        let touched: Vec<_> = files
            .iter()
            .filter(|(path, digest)| {
                [&manifest.configuration, &manifest.written]
                    .iter()
                    .all(|ours| ours.get(*path) != Some(digest))
            })
            .map(|(path, _)| paths.workdir.join(path).display().to_string())
            .collect();
        if touched.is_empty() {
            return Ok(manifest);
        }
        let message = format!("files in the workdir were changed or added by hand: {}", touched.join(", "));
        let remedy = "make the change in the module's source, then remove these files and run again";
        Err(Error::new(Layer::Host, Phase::Preparation, Code::EditedByHand, message, remedy)
            .with(serde_json::json!({ "files": touched })))
    }

    /// Marks the start of an apply, because the module may write files during it.
    pub fn begin_apply(&mut self, paths: &ComponentPaths) -> Result<()> {
        self.open = true;
        self.write(paths)
    }

    /// Accepts the present files as those of Eos or of the module. Writes the manifest if it differs, or if `changed`.
    pub fn seal(&mut self, paths: &ComponentPaths, changed: bool) -> Result<()> {
        let configuration = configuration(&paths.workdir)?;
        if changed || self.open || self.configuration != configuration || !paths.manifest().exists() {
            (self.open, self.configuration) = (false, configuration);
            self.write(paths)?;
        }
        Ok(())
    }

    /// Writes the manifest atomically, but without a sync. If a power failure destroys it, one run is refused, but no
    /// state is lost.
    pub fn write(&self, paths: &ComponentPaths) -> Result<()> {
        let path = paths.manifest();
        let bytes = serde_json::to_vec(self).map_err(|error| Error::file(&path, "write", error.into()))?;
        write(&path, &bytes)
    }
}

/// The advice for a bad manifest. Without a manifest, all files in the workdir would count as manual changes.
fn remedy(paths: &ComponentPaths) -> String {
    format!(
        "restore it from a backup. Or move it away, and {} and {} out of {}; the next run writes them again",
        paths.module().display(),
        paths.variables().display(),
        paths.workdir.display()
    )
}

/// The files that Terraform would read: *.tf, *.tf.json, *.tfvars, *.tfvars.json. `.terraform` belongs to init and is
/// left out.
fn configuration(workdir: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    walk(workdir, "", &mut files)?;
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file(folder, "read the folder", error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Error::file(folder, "read the folder", error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| Error::file(&path, "read", error))?;
        if kind.is_dir() {
            if name != ".terraform" {
                walk(&path, &format!("{prefix}{name}/"), files)?;
            }
        } else if [".tf", ".tf.json", ".tfvars", ".tfvars.json"].iter().any(|end| name.ends_with(end)) {
            files.insert(format!("{prefix}{name}"), digest(&path)?);
        }
    }
    Ok(())
}

/// The digest of a file's bytes. Follows a link to a file. For anything else, such as a pipe, returns only its kind,
/// because a read may never end.
fn digest(path: &Path) -> Result<String> {
    let refuse = |error| Error::file(path, "read", error);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::read(path).map(sha256).map_err(refuse),
        Ok(metadata) => Ok(format!("{:?}", metadata.file_type())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok("a link to nothing".to_owned()),
        Err(error) => Err(refuse(error)),
    }
}
