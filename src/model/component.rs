//! One Terraform module with its inputs, or a step of Salt's own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::service::Service;
use super::{
    Backend, Credential, DriftRules, Gate, Hook, Name, OnFailure, OutputRef, PillarPath, Policy, Reference,
    Rollback, SecretOrigin, Step, TaskSecret, Timeouts,
};

/// One component, with everything that stands above it merged in.
#[derive(Clone, Debug)]
pub struct Component {
    pub name: Name,
    /// Its path in the pillar, at the most specific level that has it.
    pub path: PillarPath,
    /// Where those of its keys stand that may come from another level.
    pub places: BTreeMap<&'static str, PillarPath>,
    /// Where each variable is set, also one whose value could not be read.
    pub variables: BTreeMap<String, PillarPath>,
    /// None for a step of Salt's own.
    pub source: Option<Source>,
    /// What runs in place of a module; none where there is a source.
    pub step: Option<Step>,
    pub template: Option<Template>,
    /// False: left alone; what depends on it reads its last outputs.
    pub enabled: bool,
    pub depends_on: DependsOn,
    /// Variable to its input, standard inputs included.
    pub inputs: BTreeMap<String, Input>,
    pub backend: Backend,
    pub policy: Policy,
    pub rollback: Rollback,
    pub drift: DriftRules,
    pub on_failure: OnFailure,
    pub timeouts: Timeouts,
    /// All of them must pass before its turn has ended well.
    pub health: Vec<Gate>,
    /// Run in this order once its turn has ended well.
    pub hooks: Vec<Hook>,
    /// Types and addresses whose loss is loss of data.
    pub data: BTreeSet<String>,
    /// By the name of a variable of the environment of a service's task.
    pub task_secrets: BTreeMap<String, TaskSecret>,
    /// Provider to what it is given to log in with, where the module uses it.
    pub credentials: BTreeMap<String, Credential>,
    /// As the pillar has it, levels merged, without its literal variables.
    pub declared: Map<String, Value>,
}

impl Component {
    /// Where this key stands, or would stand.
    pub fn place(&self, key: &str) -> PillarPath {
        self.places.get(key).cloned().unwrap_or_else(|| self.path.child(key))
    }

    /// Every output of another component that it is given.
    pub fn reads(&self) -> impl Iterator<Item = &OutputRef> {
        let handed = self.task_secrets.values().filter_map(|secret| match &secret.origin {
            SecretOrigin::Output(one) => Some(one),
            SecretOrigin::Reference(_) | SecretOrigin::Generated { .. } => None,
        });
        self.inputs.values().flat_map(Input::outputs).chain(handed)
    }
}

/// Where a module comes from. `subdir` is what follows `//`, empty for the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// `salt://root//subdir`; `url` is the part before `//`.
    Salt { url: String, subdir: String },
    /// An absolute folder of this host.
    Path { root: PathBuf, subdir: String },
    /// Generated for a service on Nomad.
    Service(Arc<Service>),
}

impl Source {
    /// Where in the module terraform runs; empty for its root.
    pub fn subdir(&self) -> &str {
        match self {
            Self::Salt { subdir, .. } | Self::Path { subdir, .. } => subdir,
            Self::Service(_) => "",
        }
    }
}

/// What renders a module's files before Terraform reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    Jinja,
}

/// What must be done before, besides what `from_outputs` implies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DependsOn {
    pub names: BTreeSet<Name>,
    /// `"*"`: everything else in the environment.
    pub everything: bool,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Literal(Value),
    Output(OutputRef),
    /// A list of outputs becomes a list of values.
    Outputs(Vec<OutputRef>),
    /// Read when the component runs; never written down.
    Secret(Reference),
}

impl Input {
    /// Its value, where the pillar has that.
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
