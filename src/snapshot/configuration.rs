//! Everything that is needed to plan one version of a component again, and no secret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::SCHEMA;
use crate::digest::sha256;
use crate::model::Input;

/// Its own digest is its id. Digests are sha256 in hexadecimal, and name objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    pub schema: u32,
    /// Path below the module's root, with forward slashes, to its file; templates as they were rendered.
    pub files: BTreeMap<String, File>,
    /// Where in the module terraform runs; empty for its root.
    pub subdir: String,
    /// The object with the text of `terraform.tfvars.json`.
    pub variables: String,
    /// Variables among those whose values came from other components.
    pub outputs: BTreeMap<String, Origin>,
    /// Variables whose values are written nowhere, and where each is had again.
    pub secrets: BTreeMap<String, Origin>,
    /// The object with `.terraform.lock.hcl`, the module's own or what an init left.
    pub lock_file: Option<String>,
    /// Its version.
    pub terraform: String,
    /// The rendered backend block; empty for the local one.
    pub backend: String,
    /// As its job and its journal have it; empty where an earlier version wrote this.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub deployment_id: String,
    /// Digest of module, inputs (by the environment's key), backend and terraform's version.
    pub facts: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub sha256: String,
    pub executable: bool,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// `env:NAME` or `file:/path`, as the pillar has it.
    Reference(String),
    /// `component.output`, and keys and indices below it.
    Output(String),
    /// A list of outputs becomes a list of values.
    Outputs(Vec<String>),
    /// The pillar's text, for a variable that the module declares sensitive.
    Pillar,
}

impl Origin {
    pub fn of(input: &Input) -> Self {
        match input {
            Input::Literal(_) => Self::Pillar,
            Input::Secret(reference) => Self::Reference(reference.to_string()),
            Input::Output(output) => Self::Output(output.to_string()),
            Input::Outputs(outputs) => Self::Outputs(outputs.iter().map(ToString::to_string).collect()),
        }
    }
}

impl Configuration {
    /// What is written, and what its digest is made of.
    pub fn bytes(&self) -> Vec<u8> {
        // Text keys and plain data: there is nothing in it that could not be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub fn digest(&self) -> String {
        sha256(self.bytes())
    }

    /// Every object that it is made of, itself left out.
    pub fn objects(&self) -> BTreeSet<&str> {
        let files = self.files.values().map(|file| file.sha256.as_str());
        files.chain([self.variables.as_str()]).chain(self.lock_file.as_deref()).collect()
    }

    /// Fails with what is wrong with the bytes.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if read.schema != SCHEMA {
            return Err(format!("its schema is {}, not {SCHEMA}", read.schema));
        }
        // It may have come from another master: what it names stays below the folder that it is laid out in.
        let leaves = |path: &&String| path.split('/').any(|part| matches!(part, "" | "." | ".."));
        match read.files.keys().find(leaves) {
            Some(path) => Err(format!("it names a file outside the module: {path:?}")),
            None => Ok(read),
        }
    }
}
