//! The interface of a module. It is read before anything runs, so that all problems can be reported at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Constraint, hint};
use serde::{Deserialize, Serialize};

/// The declarations of one module.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    pub variables: BTreeMap<String, Variable>,
    pub outputs: BTreeMap<String, Output>,
    /// Local names of the providers (`aws`), without the built-in `terraform`.
    pub providers: BTreeSet<String>,
    /// Whether the module calls child modules. Only an init downloads these.
    pub has_modules: bool,
    /// The file in which the module itself declares a backend or a cloud block.
    pub own_backend: Option<String>,
    /// The file with an `encryption` block of OpenTofu, for states and plans.
    pub encryption: Option<String>,
    /// Whether a child module's source or version may come from a variable. OpenTofu then needs its value in an init.
    pub has_computed_sources: bool,
    /// sha256 over the module's files and their paths, in hexadecimal.
    pub digest: String,
    /// Variables that are set by a tfvars file of the module itself.
    pub preset: BTreeSet<String>,
    /// A part of the module could not be read. It may declare more than this interface contains.
    pub incomplete: bool,
    /// Descriptions of the parts that could not be read, and of where they begin.
    pub notes: Vec<String>,
}

impl Interface {
    /// None if the module certainly does not declare the variable.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name).or(self.incomplete.then_some(&Variable::UNREAD))
    }

    /// Why a value for a variable that the module does not declare is refused.
    pub fn no_variable(&self, name: &str) -> String {
        let hint = match name {
            "hash" => "Eos itself compares what was applied: leave it out".to_owned(),
            _ => hint(name, self.variables.keys().map(String::as_str)),
        };
        format!("the module has no variable {name:?}; {hint}")
    }

    /// Whether the module may use this provider.
    pub fn uses(&self, provider: &str) -> bool {
        self.incomplete || self.providers.contains(provider)
    }

    /// None if the module certainly does not declare the output.
    pub fn output(&self, name: &str) -> Option<&Output> {
        self.outputs.get(name).or(self.incomplete.then_some(&Output::UNREAD))
    }
}

#[derive(Clone, Debug)]
pub struct Variable {
    pub constraint: Constraint,
    pub has_default: bool,
    pub nullable: bool,
    pub sensitive: bool,
    pub ephemeral: bool,
}

impl Variable {
    /// Whether no file, report or digest may contain its value.
    pub fn is_hidden(&self) -> bool {
        self.sensitive || self.ephemeral
    }

    /// Replaces a variable that could not be read. It accepts any value and hides it. Terraform decides whether it must
    /// be set.
    pub const UNREAD: Self = Self {
        constraint: Constraint::Any,
        has_default: true,
        nullable: true,
        sensitive: true,
        ephemeral: false,
    };
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub sensitive: bool,
}

impl Output {
    /// Replaces an output that could not be read.
    pub const UNREAD: Self = Self { sensitive: true };
}
