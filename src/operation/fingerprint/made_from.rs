//! From what the components of a run are made, stored with the run, so that a later call can tell what has changed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::slice::{PillarSlice, PillarSlices};
use crate::error::Result;
use crate::model::{Component, Name};
use crate::operation::store::keyed_digest::DigestKey;
use crate::workdir::{read_json, write_json};

/// In the folder of a run.
const FILE: &str = "made_from.json";
/// Settings that only say how a run goes.
const OF_RUNS: [&str; 8] =
    ["approvals", "concurrency", "lock_timeout", "on_failure", "parallelism", "prices", "root", "run_hooks"];

/// The pillar and the module of one component, as digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFrom {
    /// Keyed, because the pillar may contain secrets.
    pub pillar: String,
    /// None for a Salt step, and for a module that cannot be read.
    pub module: Option<String>,
}

impl MadeFrom {
    /// `module`: the digest of a component's module.
    pub fn of(
        slices: &PillarSlices,
        key: &DigestKey,
        mut module: impl FnMut(&Component) -> Option<String>,
    ) -> BTreeMap<Name, Self> {
        let one = |(name, slice): (&Name, &Arc<PillarSlice>)| {
            let pillar = key.digest(&slice.described(&OF_RUNS));
            (name.clone(), Self { pillar, module: module(&slice.component) })
        };
        slices.iter().map(one).collect()
    }

    /// `run`: the folder of the run.
    pub fn store(of_components: &BTreeMap<Name, Self>, run: &Path) -> Result<()> {
        write_json(&run.join(FILE), of_components)
    }

    /// None if the run has not stored it.
    pub fn read(run: &Path) -> Result<Option<BTreeMap<Name, Self>>> {
        read_json(&run.join(FILE), "name another run")
    }
}
