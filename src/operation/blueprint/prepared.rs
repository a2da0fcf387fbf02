//! A validated environment with its modules, and the components that use their last applied configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::model::{Blueprint, Name, Overrides, Problem, refusal};
use crate::resolve::Module;

/// A component, and why its own module is not used.
pub(super) type Broken = BTreeMap<Name, Vec<Problem>>;

/// A validated environment together with its modules.
pub struct Prepared {
    pub blueprint: Blueprint,
    pub modules: BTreeMap<Name, Arc<Module>>,
    /// The values that the call gave, which are already in the blueprint. A saved plan keeps them.
    pub given: Overrides,
    /// Components that use their last applied configuration, and why.
    pub as_applied: Broken,
    /// Components with broken modules that this destroy is not about.
    pub left_out: Broken,
}

impl Prepared {
    /// The digest of a component's module. None for a Salt step.
    pub fn module_digest(&self, name: &Name) -> Option<String> {
        Some(self.modules.get(name)?.interface.digest.clone())
    }

    /// Only a destroy uses last applied configurations. `run`: the folder of the run, which then does not begin.
    pub fn refuse_broken(&self, run: &Path) -> Result<()> {
        let faults: Vec<_> =
            self.as_applied.values().chain(self.left_out.values()).flatten().cloned().collect();
        if faults.is_empty() {
            return Ok(());
        }
        let _ = std::fs::remove_dir_all(run);
        Err(refusal(faults))
    }
}

/// What a destroy uses with its last applied configuration.
#[derive(Clone, Copy)]
pub struct AppliedConfigurations<'a> {
    /// The components that the call names. Those of them that were removed from the pillar are meant.
    pub gone: Option<&'a BTreeSet<Name>>,
    /// The components with broken modules.
    pub broken: Option<Destruction<'a>>,
}

#[derive(Clone, Copy)]
pub struct Destruction<'a> {
    pub run_id: &'a str,
    /// None means all components.
    pub named: Option<&'a BTreeSet<Name>>,
}

impl AppliedConfigurations<'_> {
    pub const NONE: Self = Self { gone: None, broken: None };
}
