//! One Terraform module with its inputs, or one Salt step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::service::NomadService;
use super::{
    Backend, Credential, Dialect, DriftRules, GateSettings, Hook, Name, OnFailure, OutputRef, PillarPath,
    Policy, Reference, RollbackSettings, SaltStep, SecretOrigin, TaskSecret, Timeouts,
};

/// One component, merged from all levels of the pillar.
#[derive(Clone, Debug)]
pub struct Component {
    pub name: Name,
    /// Its path in the pillar, at the most specific level that contains it.
    pub path: PillarPath,
    /// Paths of those keys that may come from another level.
    pub places: BTreeMap<&'static str, PillarPath>,
    /// Where each variable is set, including variables whose value could not be read.
    pub variables: BTreeMap<String, PillarPath>,
    /// None for a Salt step.
    pub source: Option<Source>,
    /// The Salt step that runs in place of a module. None if the component has a source.
    pub step: Option<SaltStep>,
    pub template: Option<Template>,
    /// Which of the module's files are read.
    pub dialect: Dialect,
    /// If false, nothing is run for the component. Its dependents read its last outputs.
    pub enabled: bool,
    pub depends_on: DependsOn,
    /// Variable to input, including the standard inputs.
    pub inputs: BTreeMap<String, Input>,
    /// The literals come from the last apply, not from the pillar or the call: Terraform has already converted them.
    pub literals_are_stored: bool,
    pub backend: Backend,
    pub policy: Policy,
    pub rollback: RollbackSettings,
    pub drift: DriftRules,
    pub on_failure: OnFailure,
    pub timeouts: Timeouts,
    /// All gates must pass before the turn of the component succeeds.
    pub health: Vec<GateSettings>,
    /// Run in this order after the turn of the component succeeded.
    pub hooks: Vec<Hook>,
    /// Resource types and addresses. Deleting such a resource loses data.
    pub data: BTreeSet<String>,
    /// Variable of the environment of a service's task to secret.
    pub task_secrets: BTreeMap<String, TaskSecret>,
    /// Provider to credential, if the module uses the provider.
    pub credentials: BTreeMap<String, Credential>,
    /// The component as the pillar describes it, with merged levels and without its literal variables.
    pub declared: Map<String, Value>,
}

impl Component {
    /// The path of this key. If the key is absent, the path that it would have.
    pub fn place(&self, key: &str) -> PillarPath {
        self.places.get(key).cloned().unwrap_or_else(|| self.path.child(key))
    }

    /// All outputs of other components that this component reads.
    pub fn reads(&self) -> impl Iterator<Item = &OutputRef> {
        let handed = self.task_secrets.values().filter_map(|secret| match &secret.origin {
            SecretOrigin::Output(one) => Some(one),
            SecretOrigin::Reference(_) | SecretOrigin::Generated { .. } => None,
        });
        self.inputs.values().flat_map(Input::outputs).chain(handed)
    }
}

/// Where a module comes from. `subdir` is the part after `//`; it is empty for the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// `salt://root//subdir`; `url` is the part before `//`.
    Salt { url: String, subdir: String },
    /// An absolute folder on this host.
    Path { root: PathBuf, subdir: String },
    /// A module that Eos generates for a Nomad service.
    Service(Arc<NomadService>),
}

impl Source {
    /// The folder inside the module in which terraform runs. Empty for the root.
    pub fn subdir(&self) -> &str {
        match self {
            Self::Salt { subdir, .. } | Self::Path { subdir, .. } => subdir,
            Self::Service(_) => "",
        }
    }
}

/// The template language that renders a module's files before Terraform reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    Jinja,
}

/// Components that must complete before this one, in addition to those in `from_outputs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DependsOn {
    pub names: BTreeSet<Name>,
    /// `"*"`: all other components of the environment.
    pub everything: bool,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Literal(Value),
    Output(OutputRef),
    /// A list of outputs becomes a list of values.
    Outputs(Vec<OutputRef>),
    /// Read when the component runs; never stored.
    Secret(Reference),
}

impl Input {
    /// The value, if the pillar contains it literally.
    pub fn literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Output(_) | Self::Outputs(_) | Self::Secret(_) => None,
        }
    }

    pub fn outputs(&self) -> &[OutputRef] {
        match self {
            Self::Output(one) => std::slice::from_ref(one),
            Self::Outputs(many) => many,
            Self::Literal(_) | Self::Secret(_) => &[],
        }
    }
}
