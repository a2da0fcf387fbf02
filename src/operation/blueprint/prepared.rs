//! A validated environment with its modules, and what of it is as it was last applied.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::model::{Blueprint, Name, Problem, refusal};
use crate::resolve::Module;

/// Component to why its own module is not used.
pub(super) type Broken = BTreeMap<Name, Vec<Problem>>;

/// A validated environment together with its modules.
pub struct Prepared {
    pub blueprint: Blueprint,
    pub modules: BTreeMap<Name, Arc<Module>>,
    /// Those that are as they were last applied, and why.
    pub as_applied: Broken,
    /// Those that are broken, and that a destruction is not about.
    pub left_out: Broken,
}

impl Prepared {
    /// Only a destruction takes what was last applied. `run`: the run's folder, which is then not begun.
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

/// What a destruction takes as it was last applied.
#[derive(Clone, Copy)]
pub struct Past<'a> {
    /// Components that the call names: those among them that the pillar no longer has.
    pub gone: Option<&'a BTreeSet<Name>>,
    /// Those whose modules are broken.
    pub broken: Option<Destruction<'a>>,
}

#[derive(Clone, Copy)]
pub struct Destruction<'a> {
    pub run_id: &'a str,
    /// None: it is about all components.
    pub named: Option<&'a BTreeSet<Name>>,
}

impl Past<'_> {
    pub const NONE: Self = Self { gone: None, broken: None };
}
