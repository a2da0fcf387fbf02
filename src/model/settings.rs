//! How Eos runs an environment.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::{
    ApprovalRules, ConsulServer, Credential, DriftRules, Hook, LockSettings, NomadServer, Price, Prices,
    Reference, RunHook, VaultServer, VersionConstraint,
};

/// Validated `infrastructure:settings`, merged with the settings of the environment and of the call.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Absolute. Workdirs are `{root}/{environment}/{component}`.
    pub root: PathBuf,
    pub terraform: TerraformSettings,
    pub backend: Backend,
    pub lock: LockSettings,
    /// How long a component waits for the lock that another run holds.
    pub lock_timeout: Duration,
    pub parallelism: NonZeroUsize,
    /// Provider to the number of components that may use it at the same time.
    pub concurrency: BTreeMap<String, NonZeroUsize>,
    pub timeouts: Timeouts,
    pub on_failure: OnFailure,
    pub policy: Policy,
    /// What a machine costs a month.
    pub prices: Prices,
    /// None: an approval of anybody counts.
    pub approvals: Option<ApprovalRules>,
    pub rollback: RollbackSettings,
    pub drift: DriftRules,
    pub nomad: NomadServer,
    pub consul: ConsulServer,
    /// The pattern of the names under which services are registered in Consul.
    pub consul_name: Option<String>,
    pub vault: Option<VaultServer>,
    /// Provider to credential. A component may have other credentials.
    pub credentials: BTreeMap<String, Credential>,
    /// Hooks of all components. They are also in the components, which may refuse them.
    pub hooks: Vec<Hook>,
    pub run_hooks: Vec<RunHook>,
}

/// The terraform binary, its required version and its environment.
#[derive(Clone, Debug)]
pub struct TerraformSettings {
    /// A name on PATH or an absolute path.
    pub binary: String,
    /// A constraint in Terraform's own notation, such as `>=1.5, <2`.
    pub version: VersionConstraint,
    pub env: BTreeMap<String, Reference>,
    pub pass_env: BTreeSet<String>,
    pub cli_config_file: Option<PathBuf>,
}

/// Whose configuration files a module has. OpenTofu reads more files than Terraform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    #[default]
    Terraform,
    OpenTofu,
}

impl TerraformSettings {
    /// The program is known only by its name here: no process is started to read a module.
    pub fn dialect(&self) -> Dialect {
        match self.binary.rsplit('/').next().is_some_and(|name| name.contains("tofu")) {
            true => Dialect::OpenTofu,
            false => Dialect::Terraform,
        }
    }
}

/// The backend that stores the state. The arguments are Terraform's own. Credentials belong in `terraform.env`.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    pub kind: String,
    pub arguments: BTreeMap<String, Value>,
}

impl Backend {
    /// Terraform's default. No block is written for it, because `backend "local"` would require an init.
    pub fn is_local(&self) -> bool {
        self.kind == "local"
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub init: Duration,
    pub plan: Duration,
    pub apply: Duration,
    /// Time between the only SIGINT and the kill of terraform.
    pub stop_grace: Duration,
}

/// What a failed component means for the other components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Start no further component.
    Stop,
    /// Skip the components that depend on it.
    Continue,
    /// Start no further component, and roll back the changes of this run to the known-good configurations.
    Rollback,
}

/// Rules for the rollback of a failed run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackSettings {
    /// Kinds of loss that need approval during a rollback. They concern resources that existed before the run.
    pub needs_approval_for: BTreeSet<DestructiveAction>,
    pub on_first_failure: FirstFailure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DestructiveAction {
    Delete,
    Replace,
}

/// What happens to a failed component that has no known-good configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstFailure {
    Keep,
    Destroy,
}

impl Default for RollbackSettings {
    fn default() -> Self {
        Self {
            needs_approval_for: [DestructiveAction::Delete, DestructiveAction::Replace].into(),
            on_first_failure: FirstFailure::Keep,
        }
    }
}

/// Which plans may be applied without approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub allow_destroy: bool,
    pub max_destroys: Option<u64>,
    /// What the machines of the whole environment may cost a month.
    pub max_monthly_cost: Option<Price>,
    /// Resource types or addresses. Deleting or replacing such a resource always needs approval of that plan by a
    /// person.
    pub protect: BTreeSet<String>,
    /// What needs an approval, whatever it is about.
    pub ask: BTreeSet<PlannedStep>,
    /// Whether a destroy may take resources that hold data.
    pub data: DataPolicy,
    /// A saved plan older than this is planned again before it is applied.
    pub max_plan_age: Duration,
}

/// What a plan may do besides creating, changing and destroying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlannedStep {
    Forget,
    Import,
    Invoke,
}

impl PlannedStep {
    /// In the pillar, and in the counts of a text report.
    pub const ALL: [(&str, Self); 3] =
        [("forget", Self::Forget), ("import", Self::Import), ("invoke", Self::Invoke)];
}

/// Whether a confirmed destroy may also take resources that hold data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataPolicy {
    /// A person has to approve the plan.
    Ask,
    Allow,
}

impl Default for Policy {
    fn default() -> Self {
        let max_plan_age = Duration::from_secs(24 * 60 * 60);
        Self {
            allow_destroy: false,
            max_destroys: None,
            max_monthly_cost: None,
            protect: BTreeSet::new(),
            ask: BTreeSet::new(),
            data: DataPolicy::Ask,
            max_plan_age,
        }
    }
}
