//! The list of files that Eos wrote into a workdir, and of the configuration at the end of the last run. Manual edits
//! are found by comparison with it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ComponentPaths;
use crate::digest::sha256;
use crate::disk::{read_json, replace, write_whole};
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
    /// An apply began and Eos did not see its end. Written by 0.2.0 and earlier; now `applying.json` says it.
    #[serde(default, skip_serializing)]
    open: bool,
}

impl Manifest {
    /// Reads the manifest, and refuses configuration that a person changed or added.
    pub fn open(paths: &ComponentPaths) -> Result<Self> {
        let manifest: Self = read_json(&paths.manifest(), &remedy(paths))?.unwrap_or_default();
        // Eos did not see the end of an apply. So it is not known which files the module wrote.
        if manifest.open || paths.applying().exists() {
            return Ok(manifest);
        }
        let files = configuration(&paths.workdir)?;
        let touched: Vec<_> = files
            .iter()
            .filter(|(path, digest)| !manifest.accepts(path, digest))
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

    fn accepts(&self, path: &str, digest: &String) -> bool {
        [&self.configuration, &self.written].iter().any(|ours| ours.get(path) == Some(digest))
    }

    /// Accepts the present files as those of Eos or of the module. Writes the manifest if it would accept others, or if
    /// `changed`.
    ///
    /// A power failure may restore the earlier manifest.
    pub fn seal(&mut self, paths: &ComponentPaths, changed: bool) -> Result<()> {
        let configuration = configuration(&paths.workdir)?;
        let accepts_others =
            self.configuration.iter().any(|(path, digest)| configuration.get(path) != Some(digest));
        let refuses_some = configuration.iter().any(|(path, digest)| !self.accepts(path, digest));
        if changed || self.open || accepts_others || refuses_some || !paths.manifest().exists() {
            (self.open, self.configuration) = (false, configuration);
            write_whole(&paths.manifest(), &self.bytes(paths)?)?;
        }
        Ok(())
    }

    /// Writes the manifest before the files in it: the present files and the coming ones are accepted. It is on disk
    /// when the function returns.
    pub fn announce(
        &mut self,
        paths: &ComponentPaths,
        present: &BTreeMap<String, String>,
        coming: BTreeMap<String, String>,
    ) -> Result<()> {
        self.configuration.extend(present.clone());
        self.written = coming;
        replace(&paths.manifest(), &self.bytes(paths)?)
    }

    fn bytes(&self, paths: &ComponentPaths) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| Error::file(&paths.manifest(), "write", error.into()))
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

/// The files that Terraform or OpenTofu would read. `.terraform` belongs to init and is left out.
fn configuration(workdir: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    walk(workdir, "", &mut files)?;
    Ok(files)
}

const CONFIGURATION: [&str; 6] = [".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json"];

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
        } else if CONFIGURATION.iter().any(|end| name.ends_with(end)) {
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
