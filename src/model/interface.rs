//! What a module declares: read before anything runs, so that everything wrong can be said at once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
}

#[derive(Clone, Debug)]
pub struct Variable {
    pub constraint: Constraint,
    pub has_default: bool,
    pub nullable: bool,
    pub sensitive: bool,
    pub ephemeral: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub sensitive: bool,
}

/// Terraform's type constraints.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    Any,
    String,
    Number,
    Bool,
    List(Box<Constraint>),
    Set(Box<Constraint>),
    Map(Box<Constraint>),
    Tuple(Vec<Constraint>),
    Object(BTreeMap<String, Attribute>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub constraint: Constraint,
    pub optional: bool,
    /// The default of `optional(type, default)`; it has a say in what the elements of `any` become.
    pub default: Option<Value>,
}
