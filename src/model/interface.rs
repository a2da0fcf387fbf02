//! What a module declares: read before anything runs, so that everything wrong can be said at once.

use std::collections::{BTreeMap, BTreeSet};

use super::Constraint;
use serde::{Deserialize, Serialize};

/// The declarations of one module.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    pub variables: BTreeMap<String, Variable>,
    pub outputs: BTreeMap<String, Output>,
    /// Providers by their local names (`aws`), the built-in `terraform` left out.
    pub providers: BTreeSet<String>,
    /// It calls child modules, which an init has to fetch.
    pub has_modules: bool,
    /// The file in which it declares a backend or a cloud block of its own.
    pub own_backend: Option<String>,
    /// sha256 over the module's files and their paths, in hexadecimal.
    pub digest: String,
    /// Variables that a tfvars file of the module's own sets.
    pub preset: BTreeSet<String>,
    /// A part of it could not be read, so that it may declare more than is named here.
    pub incomplete: bool,
    /// What could not be read, and where it begins.
    pub notes: Vec<String>,
}

impl Interface {
    /// None where the module surely does not declare it.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name).or(self.incomplete.then_some(&Variable::UNREAD))
    }

    /// Whether it may use a provider.
    pub fn uses(&self, provider: &str) -> bool {
        self.incomplete || self.providers.contains(provider)
    }

    /// None where the module surely does not declare it.
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
    /// One that could not be read: it takes anything and hides it. Whether it must be set is left to Terraform.
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
    /// One that could not be read.
    pub const UNREAD: Self = Self { sensitive: true };
}
