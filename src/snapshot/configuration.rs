//! A configuration: everything that is needed to plan one version of a component again, without secrets.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::SCHEMA;
use crate::digest::sha256;
use crate::model::Input;

/// The id of a configuration is its own digest. All digests are sha256 in hexadecimal. They are also the names of
/// objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    pub schema: u32,
    /// Path below the module's root, with forward slashes, to file. Templates are stored as they were rendered.
    pub files: BTreeMap<String, ConfigurationFile>,
    /// The folder inside the module in which terraform runs. Empty for its root.
    pub subdir: String,
    /// Digest of the object with the text of `terraform.tfvars.json`.
    pub variables: String,
    /// Variables in that text whose values came from other components.
    pub outputs: BTreeMap<String, ValueOrigin>,
    /// Variables whose values are not stored, and where each value comes from.
    pub secrets: BTreeMap<String, ValueOrigin>,
    /// Digest of the object with `.terraform.lock.hcl`. It is a file of the module, or an init wrote it.
    pub lock_file: Option<String>,
    /// The version of terraform.
    pub terraform: String,
    /// The rendered backend block. Empty for the local backend.
    pub backend: String,
    /// The same as in its job and its journal. Empty if an earlier version of Eos wrote this configuration.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub deployment_id: String,
    /// Digest of the module, the inputs (keyed with the environment's key), the backend, and the version of terraform.
    pub facts: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationFile {
    pub sha256: String,
    pub executable: bool,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueOrigin {
    /// `env:NAME` or `file:/path`, as in the pillar.
    Reference(String),
    /// `component.output`, with optional keys and indices below it.
    Output(String),
    /// A list of outputs becomes a list of values.
    Outputs(Vec<String>),
    /// A literal in the pillar, for a variable that the module declares as sensitive.
    Pillar,
}

impl ValueOrigin {
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
    /// The bytes that are stored, and from which the digest is computed.
    pub fn bytes(&self) -> Vec<u8> {
        // It contains only text keys and plain data, which can always be serialized.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub fn digest(&self) -> String {
        sha256(self.bytes())
    }

    /// The digests of all its objects, without the configuration itself.
    pub fn objects(&self) -> BTreeSet<&str> {
        let files = self.files.values().map(|file| file.sha256.as_str());
        files.chain([self.variables.as_str()]).chain(self.lock_file.as_deref()).collect()
    }

    /// The error says what is wrong with the bytes.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if read.schema != SCHEMA {
            return Err(format!("its schema is {}, not {SCHEMA}", read.schema));
        }
        // It may come from another master. Its paths must stay inside the folder to which it is written.
        let leaves = |path: &&String| path.split('/').any(|part| matches!(part, "" | "." | ".."));
        match read.files.keys().find(leaves) {
            Some(path) => Err(format!("it names a file outside the module: {path:?}")),
            None => Ok(read),
        }
    }
}
