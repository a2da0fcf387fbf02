//! A service on Nomad: the shape of its job. The values that go into it are its component's inputs.

mod knob;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::time::Duration;

use serde_json::Value;

pub use knob::Knob;

use super::{Name, VaultPath};

/// What a service's component is called.
pub fn component_name(service: &str) -> String {
    format!("{PREFIX}{service}")
}

/// The service that a component of this name is, if it is one.
pub fn service_name(component: &str) -> Option<&str> {
    component.strip_prefix(PREFIX)
}

const PREFIX: &str = "nomad-";

/// One of `infrastructure:services`, validated. All texts are free of NUL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// A DNS label; the job's id, and what it is registered as.
    pub name: Name,
    pub job: Job,
    /// The module's variables, besides those of the two fields below.
    pub knobs: BTreeSet<Knob>,
    /// Variables of the task's environment that are variables of the module, each of its own.
    pub env_outputs: BTreeSet<String>,
    /// Those of them that are secrets, which the job shall hold in clear all the same.
    pub literals: BTreeSet<String>,
    /// Variables for a template of the user's own.
    pub own: BTreeSet<String>,
    pub handed: Handed,
    /// False: the provider watches the deployment too, for its five minutes.
    pub detach: bool,
}

/// The module's variable that changes with what a variable of Nomad's has.
pub const REVISION: &str = "secrets_revision";

/// Secrets that the job names, and does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handed {
    /// Those that a variable of Nomad's has.
    pub by_variable: BTreeSet<String>,
    /// Those that Nomad reads in Vault: path to variable of the task's environment to key.
    pub by_vault: BTreeMap<VaultPath, BTreeMap<String, String>>,
    /// The role of Vault's by which it does; its own default where there is none.
    pub role: Option<String>,
}

impl Service {
    /// Whether the module is told of what it is made: a registration in Consul may change without its tasks.
    pub fn tells_its_deployment(&self) -> bool {
        match &self.job {
            Job::Generated(shape) => shape.registry == Registry::Consul && shape.main.is_some(),
            Job::Own { .. } => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    Generated(Box<Shape>),
    /// A file of the user's own, `salt://folder/name` or an absolute path.
    Own {
        folder: String,
        file: String,
    },
}

/// What a generated job consists of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    pub kind: Kind,
    pub driver: String,
    /// The driver's own settings.
    pub config: BTreeMap<String, Opaque>,
    /// Label to port.
    pub ports: BTreeMap<String, Port>,
    /// The label of the port that is registered.
    pub main: Option<String>,
    pub registry: Registry,
    pub check: Option<Check>,
    pub volumes: BTreeMap<String, Volume>,
    pub data: Option<Data>,
    pub update: Option<Update>,
    pub restart: Option<Restart>,
    /// Between the end of its registration and the task's own.
    pub shutdown_delay: Option<Duration>,
    pub constraints: Vec<Constraining>,
    pub mesh: Option<Vec<Upstream>>,
}

/// What Nomad calls a job's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Service,
    Batch,
    System,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Batch => "batch",
            Self::System => "system",
        }
    }
}

/// Where a service is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Registry {
    Consul,
    Nomad,
}

/// A port of the host; a dynamic one where it is not fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// Inside the task's own network.
    pub to: Option<Number>,
    pub fixed: Option<Number>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Number {
    /// The variable `port`.
    Knob,
    Is(u16),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Check {
    /// Asked by HTTP; a connection is enough where there is none.
    pub path: Option<String>,
    pub interval: Duration,
    pub timeout: Duration,
}

/// Which folder `data_path` means, where it is no volume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Data {
    /// The host's, by the variable `data_path`; a container has it at the target, or else at the same path.
    Host { target: Option<String> },
    /// The allocation's own, gone with it.
    Allocation { target: String },
}

/// A volume of the group's, mounted in its task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volume {
    pub kind: VolumeKind,
    /// As the client's configuration names it, or as it is registered.
    pub source: String,
    /// Where the task finds it.
    pub path: String,
    pub read_only: bool,
    /// Nomad's words; a CSI volume has both.
    pub access: Option<&'static str>,
    pub attachment: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VolumeKind {
    Host,
    Csi {
        /// Each replica has a volume of its own, `SOURCE[0]` and so on.
        per_alloc: bool,
        fs_type: Option<String>,
        mount_flags: Vec<String>,
    },
}

/// Nomad's names; what is left out is Nomad's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Update {
    pub max_parallel: Option<u64>,
    pub canary: Option<u64>,
    pub auto_revert: Option<bool>,
    pub auto_promote: Option<bool>,
    pub min_healthy_time: Option<Duration>,
    pub healthy_deadline: Option<Duration>,
    pub progress_deadline: Option<Duration>,
}

/// Nomad's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Restart {
    pub attempts: Option<u64>,
    pub interval: Option<Duration>,
    pub delay: Option<Duration>,
    /// `fail` or `delay`.
    pub mode: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Constraining {
    pub attribute: Option<String>,
    pub operator: Option<String>,
    pub value: Option<String>,
}

/// A service of the mesh, and the port at which the task reaches it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upstream {
    pub name: String,
    pub port: u16,
}

/// JSON that is passed on unread.
#[derive(Clone, Debug)]
pub struct Opaque(pub Value);

impl Opaque {
    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl PartialEq for Opaque {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Opaque {}

impl PartialOrd for Opaque {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Opaque {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(&other.text())
    }
}

impl Hash for Opaque {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}
