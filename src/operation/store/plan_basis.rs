//! The facts on which a component's plan is based.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::digest::sha256;
use crate::resolve::Module;

/// Inputs are a keyed digest: they may contain secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanBasis {
    module: String,
    inputs: String,
    backend: String,
    terraform: String,
}

impl PlanBasis {
    /// `inputs`: their keyed digest. `terraform`: the program and its version.
    pub fn new(module: &Module, inputs: String, backend: Option<&str>, terraform: String) -> Self {
        Self {
            module: module.interface.digest.clone(),
            inputs,
            backend: backend.unwrap_or_default().to_owned(),
            terraform,
        }
    }

    pub fn digest(&self) -> String {
        sha256(json!(self).to_string())
    }

    /// A digest of what a person changes to make a new version; another terraform or backend does not count.
    /// `declared` is the component's entry in the pillar.
    pub fn version(&self, declared: &Map<String, Value>) -> String {
        sha256(json!([self.module, self.inputs, declared]).to_string())
    }

    /// The differences, in words.
    pub fn moved(&self, now: &Self) -> Vec<&'static str> {
        let pairs = [
            (&self.module, &now.module, "the module's files"),
            (&self.inputs, &now.inputs, "the values of its variables"),
            (&self.backend, &now.backend, "the backend"),
            (&self.terraform, &now.terraform, "terraform's version"),
        ];
        pairs.into_iter().filter(|(then, now, _)| then != now).map(|(.., what)| what).collect()
    }
}
