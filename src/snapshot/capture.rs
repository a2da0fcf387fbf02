//! A configuration, taken from what was materialised for an apply.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Configuration, File, Origin, SCHEMA, Store};
use crate::digest::sha256;
use crate::error::Result;
use crate::resolve::{Module, ModuleFile};
use crate::workdir::read;

const LOCK_FILE: &str = ".terraform.lock.hcl";

/// What a [`Configuration`] is made of; its fields of the same names say what they are.
pub struct Capture {
    pub module: Arc<Module>,
    /// Where the module was materialised.
    pub folder: PathBuf,
    /// The text of `terraform.tfvars.json`.
    pub variables: String,
    pub outputs: BTreeMap<String, Origin>,
    pub secrets: BTreeMap<String, Origin>,
    pub terraform: String,
    pub backend: String,
    pub deployment_id: String,
    pub facts: String,
}

impl Store {
    /// Writes down what is not there yet; returns the configuration's digest.
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

fn entry(file: &ModuleFile) -> (String, File) {
    (file.path.clone(), File { sha256: file.sha256.clone(), executable: file.executable })
}

/// What was materialised, since the source may have moved on; the source, where the workdir has another version.
fn bytes<'a>(file: &'a ModuleFile, folder: &std::path::Path) -> Result<Cow<'a, [u8]>> {
    match read(&folder.join(&file.path))?.filter(|bytes| sha256(bytes) == file.sha256) {
        Some(bytes) => Ok(Cow::Owned(bytes)),
        None => file.bytes(),
    }
}
