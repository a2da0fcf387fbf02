//! Stores the configuration of an apply, from the files in its workdir.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Configuration, ConfigurationFile, SCHEMA, SnapshotStore, ValueOrigin};
use crate::digest::sha256;
use crate::error::Result;
use crate::resolve::{Module, ModuleFile};
use crate::workdir::read;

const LOCK_FILE: &str = ".terraform.lock.hcl";

/// The parts of a [`Configuration`]. Its fields of the same names describe them.
pub struct Capture {
    pub module: Arc<Module>,
    /// The folder to which the module was written.
    pub folder: PathBuf,
    /// The text of `terraform.tfvars.json`.
    pub variables: String,
    pub outputs: BTreeMap<String, ValueOrigin>,
    pub secrets: BTreeMap<String, ValueOrigin>,
    pub terraform: String,
    pub backend: String,
    pub deployment_id: String,
    pub facts: String,
}

impl SnapshotStore {
    /// Stores everything that is not stored yet. Returns the digest of the configuration.
    pub fn capture(&self, capture: Capture) -> Result<String> {
        self.open()?;
        let Capture { module, folder, variables, outputs, secrets, terraform, backend, deployment_id, facts } =
            capture;
        for file in &module.files {
            self.put_as(&file.sha256, || bytes(file, &folder))?;
        }
        let lock_file = read(&folder.join(&module.subdir).join(LOCK_FILE))?;
        let configuration = Configuration {
            schema: SCHEMA,
            files: module.files.iter().map(entry).collect(),
            subdir: module.subdir.clone(),
            variables: self.put(variables.as_bytes())?,
            outputs,
            secrets,
            lock_file: lock_file.map(|text| self.put(&text)).transpose()?,
            terraform,
            backend,
            deployment_id,
            facts,
        };
        self.put(&configuration.bytes())
    }
}

fn entry(file: &ModuleFile) -> (String, ConfigurationFile) {
    (file.path.clone(), ConfigurationFile { sha256: file.sha256.clone(), executable: file.executable })
}

/// The file in the workdir, because the source may have changed since. If the workdir has another version, the file in
/// the source.
fn bytes<'a>(file: &'a ModuleFile, folder: &std::path::Path) -> Result<Cow<'a, [u8]>> {
    match read(&folder.join(&file.path))?.filter(|bytes| sha256(bytes) == file.sha256) {
        Some(bytes) => Ok(Cow::Owned(bytes)),
        None => file.bytes(),
    }
}
