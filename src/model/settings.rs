//! How Eos runs an environment.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::{ConsulServer, DriftRules, Lock, NomadServer, Reference, VersionConstraint};

/// Validated `infrastructure:settings`, merged with the environment's and the call's.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Absolute. Workdirs are `{root}/{environment}/{component}`.
    pub root: PathBuf,
    pub terraform: Terraform,
    pub backend: Backend,
    pub lock: Lock,
    /// How long a component waits for another run to end.
    pub lock_timeout: Duration,
    pub parallelism: NonZeroUsize,
    /// Provider to how many components may use it at once.
    pub concurrency: BTreeMap<String, NonZeroUsize>,
    pub timeouts: Timeouts,
    pub on_failure: OnFailure,
    pub policy: Policy,
    pub rollback: Rollback,
    pub drift: DriftRules,
    pub nomad: NomadServer,
    pub consul: ConsulServer,
}

/// Which terraform, and what it is given.
#[derive(Clone, Debug)]
pub struct Terraform {
    /// A name on PATH or an absolute path.
    pub binary: String,
    /// A constraint in Terraform's own notation, such as `>=1.5, <2`.
    pub version: VersionConstraint,
    pub env: BTreeMap<String, Reference>,
    pub pass_env: BTreeSet<String>,
    pub cli_config_file: Option<PathBuf>,
}

/// Where state is kept. Its arguments are Terraform's own; credentials stand in `terraform.env`.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    pub kind: String,
    pub arguments: BTreeMap<String, Value>,
}

impl Backend {
    /// Terraform's default, for which no block is written: `backend "local"` would need an init.
    pub fn is_local(&self) -> bool {
        self.kind == "local"
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub init: Duration,
    pub plan: Duration,
    pub apply: Duration,
    /// From the one SIGINT until terraform is killed.
    pub stop_grace: Duration,
}

/// What a failed component means for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Start nothing more.
    Stop,
    /// Skip what depends on it.
    Continue,
    /// Start nothing more, and take what this run changed back to what was known to be good.
    Rollback,
}

/// How a run that failed goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// What of the known-good configuration is not deleted, or not replaced, without being asked.
    pub needs_approval_for: BTreeSet<Loss>,
    pub on_first_failure: FirstFailure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    Delete,
    Replace,
}

/// What becomes of a component that failed before it ever worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstFailure {
    Keep,
    Destroy,
}

impl Default for Rollback {
    fn default() -> Self {
        Self {
            needs_approval_for: [Loss::Delete, Loss::Replace].into(),
            on_first_failure: FirstFailure::Keep,
        }
    }
}

/// Which plans are applied without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub allow_destroy: bool,
    pub max_destroys: Option<u64>,
    /// Resource types or addresses that are deleted or replaced only where a person approved that plan.
    pub protect: BTreeSet<String>,
    /// A kept plan that is older is made again before it is applied.
    pub max_plan_age: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        let max_plan_age = Duration::from_secs(24 * 60 * 60);
        Self { allow_destroy: false, max_destroys: None, protect: BTreeSet::new(), max_plan_age }
    }
}
