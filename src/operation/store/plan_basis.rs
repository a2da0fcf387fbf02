//! The facts on which a component's plan is based.

use std::collections::{BTreeMap, BTreeSet};

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
    /// A keyed digest of each variable's value, to name those that changed. Absent in plans of earlier versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<String, String>,
}

impl PlanBasis {
    /// `inputs`: their keyed digest; `variables`: that of each one. `terraform`: the program and its version.
    pub fn new(
        module: &Module,
        inputs: String,
        variables: BTreeMap<String, String>,
        backend: Option<&str>,
        terraform: String,
    ) -> Self {
        Self {
            module: module.interface.digest.clone(),
            inputs,
            backend: backend.unwrap_or_default().to_owned(),
            terraform,
            variables,
        }
    }

    /// The digest of all inputs includes each variable.
    pub fn digest(&self) -> String {
        let Self { module, inputs, backend, terraform, .. } = self;
        let facts = json!({ "module": module, "inputs": inputs, "backend": backend, "terraform": terraform });
        sha256(facts.to_string())
    }

    /// A digest of what a person changes to make a new version; another terraform or backend does not count.
    /// `declared` is the component's entry in the pillar.
    pub fn version(&self, declared: &Map<String, Value>) -> String {
        sha256(json!([self.module, self.inputs, declared]).to_string())
    }

    /// The differences, in words. `named`: a variable in words.
    pub fn moved(&self, now: &Self, named: impl Fn(&str) -> String) -> Vec<String> {
        let pairs = [
            (&self.module, &now.module, "the module's files".to_owned()),
            (&self.inputs, &now.inputs, self.moved_variables(now, named)),
            (&self.backend, &now.backend, "the backend".to_owned()),
            (&self.terraform, &now.terraform, "terraform's version".to_owned()),
        ];
        pairs.into_iter().filter(|(then, now, _)| then != now).map(|(.., what)| what).collect()
    }

    fn moved_variables(&self, now: &Self, named: impl Fn(&str) -> String) -> String {
        let both: BTreeSet<_> = self.variables.keys().chain(now.variables.keys()).collect();
        let differs = |name: &&&String| self.variables.get(**name) != now.variables.get(**name);
        let names: Vec<_> = both.iter().filter(differs).map(|name| named(name)).collect();
        match names.len() {
            _ if self.variables.is_empty() => "the values of its variables".to_owned(),
            0 => "what the tasks of its service get".to_owned(),
            1 => format!("the value of its variable {}", names[0]),
            _ => format!("the values of its variables {}", names.join(", ")),
        }
    }
}
