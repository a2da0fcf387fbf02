//! From what the components of a run are made, stored with the run, so that a later call can tell what has changed.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::slice::PillarSlice;
use crate::error::Result;
use crate::model::{Component, Name, Overrides};
use crate::operation::request::pillar::Pillar;
use crate::operation::store::keyed_digest::DigestKey;
use crate::workdir::{read_json, write_json};

/// In the folder of a run.
const FILE: &str = "made_from.json";
/// Settings that only say how a run goes.
const OF_RUNS: [&str; 7] =
    ["approvals", "concurrency", "lock_timeout", "on_failure", "parallelism", "root", "run_hooks"];

/// The pillar and the module of one component, as digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFrom {
    /// Keyed, because the pillar may contain secrets.
    pub pillar: String,
    /// None for a Salt step, and for a module that cannot be read.
    pub module: Option<String>,
}

impl MadeFrom {
    /// Those of the components that the pillar describes validly. `module`: the digest of a component's module.
    pub fn of<'a>(
        pillar: &dyn Pillar,
        key: &DigestKey,
        environment: &Name,
        names: impl Iterator<Item = &'a Name>,
        overrides: &Overrides,
        mut module: impl FnMut(&Component) -> Option<String>,
    ) -> BTreeMap<Name, Self> {
        let one = |name: &Name| {
            let slice = PillarSlice::read(pillar, environment, name, &only(overrides, name))?;
            let made_from =
                Self { pillar: key.digest(&slice.described(&OF_RUNS)), module: module(&slice.component) };
            Some((name.clone(), made_from))
        };
        names.filter_map(one).collect()
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

/// The values that a call gives to this component.
pub(super) fn only(overrides: &Overrides, name: &Name) -> Overrides {
    let of = |given: &Option<(Name, Value)>| given.clone().filter(|(component, _)| component == name);
    Overrides { variables: of(&overrides.variables), secrets: of(&overrides.secrets), ..Overrides::default() }
}
