//! A service on Nomad: the shape of its job. The values of the job are inputs of its component.

mod block;
mod opaque;
mod part;
mod variable;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use block::{BlockBody, JobBlock, JobExtras, Setting, SideTask, UserFile};
pub use opaque::Opaque;
use part::sets;
pub use part::{JobPart, JobParts, PartKind, plain};
pub use variable::ServiceVariable;

use super::{Name, VaultPath};

/// The name of the component that a service becomes.
pub fn component_name(service: &str) -> String {
    format!("{PREFIX}{service}")
}

/// The service that this component was made from, if the name has the prefix of services.
pub fn service_name(component: &str) -> Option<&str> {
    component.strip_prefix(PREFIX)
}

/// The service that a job of this name becomes. The reason of an error is written to follow the name.
pub fn service_for(job: &str) -> Result<Name, String> {
    if job.is_empty() || job.len() > LONGEST_JOB || job.chars().any(|one| one.is_control() || one == ' ') {
        return Err("is not the name of a job".to_owned());
    }
    let letter = |one: char| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '-' };
    let service: String = job.chars().map(letter).collect();
    let name = Name::new(service.trim_matches('-'))
        .and_then(|service| Name::new(&component_name(service.as_str())).map(|_| service));
    name.map_err(|_| {
        "cannot be the name of a service: write a module for it, and use eos_terraform.import_resource"
            .to_owned()
    })
}

const PREFIX: &str = "nomad-";

/// Nomad's limit is larger for names of jobs that others start.
const LONGEST_JOB: usize = 256;

/// One item of `infrastructure:services`, validated. No text contains NUL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NomadService {
    /// A DNS label. It is the id of the job, and the name of its registration.
    pub name: Name,
    pub job: JobSource,
    /// Variables of the module that have fixed names. Others are in `env_outputs` and `own`.
    pub variables: BTreeSet<ServiceVariable>,
    /// Variables of the task's environment. Each of them is also a variable of the module.
    pub env_outputs: BTreeSet<String>,
    /// Secrets among `env_outputs`. The pillar requests that the job contains them in clear text.
    pub literals: BTreeSet<String>,
    /// Variables for a job template of the user.
    pub own: BTreeSet<String>,
    pub secrets: JobSecrets,
    /// If false, the provider waits for the deployment too, for at most five minutes.
    pub detach: bool,
}

/// The output with the name in Consul's DNS.
pub const CONSUL_SERVICE: &str = "consul_service";

/// What a name in Consul's DNS has after the name of the service.
pub const CONSUL_DOMAIN: &str = ".service.consul";

/// The module's variable that changes when the content of the Nomad variable changes.
pub const REVISION: &str = "secrets_revision";

/// Secrets that the job refers to, without containing them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobSecrets {
    /// Secrets that are stored in a Nomad variable.
    pub by_variable: BTreeSet<String>,
    /// Secrets that Nomad reads in Vault: path to variable of the task's environment to key.
    pub by_vault: BTreeMap<VaultPath, BTreeMap<String, String>>,
    /// The Vault role that Nomad uses for this. None: Nomad's default role.
    pub role: Option<String>,
}

impl NomadService {
    /// Whether the module gets the variable `deployment_id`. A generated job contains it only in its Consul
    /// registration, which may change without a restart of the tasks.
    pub fn tells_its_deployment(&self) -> bool {
        matches!(self.job, JobSource::Own { .. }) || self.consul_name().is_some()
    }

    /// The name under which a generated job is registered in Consul.
    pub fn consul_name(&self) -> Option<&str> {
        match &self.job {
            JobSource::Generated(shape) if shape.registry == Registry::Consul && shape.main.is_some() => {
                Some(self.registered_name())
            }
            _ => None,
        }
    }

    /// The name under which a generated job is registered.
    pub fn registered_name(&self) -> &str {
        match &self.job {
            JobSource::Generated(shape) => shape.registered.as_deref().unwrap_or(self.name.as_str()),
            JobSource::Own { .. } => self.name.as_str(),
        }
    }

    /// The names in Consul of the services that it reaches in the mesh.
    pub fn upstreams(&self) -> impl Iterator<Item = &str> {
        let shape = match &self.job {
            JobSource::Generated(shape) => Some(shape),
            JobSource::Own { .. } => None,
        };
        shape.into_iter().flat_map(|shape| shape.mesh.iter().flatten()).map(|one| one.name.as_str())
    }
}

impl JobShape {
    /// The checks of the generated registration.
    pub fn checks(&self) -> impl Iterator<Item = &JobBlock> {
        self.extras.registration.blocks.iter().filter(|block| block.kind == "check")
    }

    /// Whether it is in the mesh, and neither its keys nor its own `job` have a check.
    pub fn is_unchecked_in_mesh(&self) -> bool {
        self.mesh.is_some() && self.checks().next().is_none() && !sets(&self.parts, "check")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobSource {
    Generated(Box<JobShape>),
    /// A file of the user: `salt://folder/name` or an absolute path.
    Own {
        folder: String,
        file: String,
    },
}

/// What a generated job consists of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobShape {
    pub kind: JobKind,
    pub driver: String,
    /// Settings of the driver.
    pub config: BTreeMap<String, Opaque>,
    /// Port by label.
    pub ports: BTreeMap<String, Port>,
    /// The label of the registered port.
    pub main: Option<String>,
    pub registry: Registry,
    /// The name of the registration, if the pillar sets it. It may be that of the service.
    pub registered: Option<String>,
    pub volumes: BTreeMap<String, Volume>,
    pub data: Option<DataFolder>,
    pub update: Option<UpdateSettings>,
    pub restart: Option<RestartSettings>,
    /// Time between the end of the registration and the stop of the task.
    pub shutdown_delay: Option<Duration>,
    pub constraints: Vec<JobConstraint>,
    pub mesh: Option<Vec<MeshUpstream>>,
    pub extras: JobExtras,
    /// What the pillar merges into the job, in Nomad's own names.
    pub parts: JobParts,
}

/// The type of a job, as in Nomad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    Service,
    Batch,
    System,
    Sysbatch,
}

impl JobKind {
    pub const ALL: [Self; 4] = [Self::Service, Self::Batch, Self::System, Self::Sysbatch];

    /// Its tasks end by themselves.
    pub fn ends(self) -> bool {
        matches!(self, Self::Batch | Self::Sysbatch)
    }

    /// It has no count: each node that is allowed has one allocation.
    pub fn is_on_each_node(self) -> bool {
        matches!(self, Self::System | Self::Sysbatch)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Batch => "batch",
            Self::System => "system",
            Self::Sysbatch => "sysbatch",
        }
    }
}

/// Where a service is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Registry {
    Consul,
    Nomad,
}

/// A port of the host. Nomad chooses it, unless `fixed` is set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// The port in the task's own network.
    pub to: Option<PortNumber>,
    pub fixed: Option<PortNumber>,
    /// The name of a network of the host, as the client's configuration has it.
    pub host_network: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortNumber {
    /// The value of the variable `port`.
    FromVariable,
    Fixed(u16),
}

/// The folder that `data_path` means, if it is not a volume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataFolder {
    /// A folder on the host, from the variable `data_path`. A container mounts it at `target`, or else at the same
    /// path.
    Host { target: Option<String> },
    /// A folder of the allocation. It is deleted with the allocation.
    Allocation { target: String },
}

/// A volume of the group, mounted in its task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volume {
    pub kind: VolumeKind,
    /// The name in the client's configuration, or the id of the registered volume.
    pub source: String,
    /// The mount point in the task.
    pub path: String,
    pub read_only: bool,
    /// Nomad's terms. A CSI volume has both.
    pub access: Option<&'static str>,
    pub attachment: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VolumeKind {
    Host,
    Csi {
        /// Each replica has its own volume: `SOURCE[0]` and so on.
        per_alloc: bool,
        fs_type: Option<String>,
        mount_flags: Vec<String>,
    },
}

/// The names are Nomad's. None means Nomad's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpdateSettings {
    pub max_parallel: Option<u64>,
    pub canary: Option<u64>,
    pub auto_revert: Option<bool>,
    pub auto_promote: Option<bool>,
    pub min_healthy_time: Option<Duration>,
    pub healthy_deadline: Option<Duration>,
    pub progress_deadline: Option<Duration>,
}

/// The names are Nomad's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RestartSettings {
    pub attempts: Option<u64>,
    pub interval: Option<Duration>,
    pub delay: Option<Duration>,
    /// `fail` or `delay`.
    pub mode: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobConstraint {
    pub attribute: Option<String>,
    pub operator: Option<String>,
    pub value: Option<String>,
}

/// A service in the mesh, and the port on which the task reaches it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeshUpstream {
    pub name: String,
    pub port: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_becomes_a_service_whose_name_is_a_dns_label() {
        let of = |job: &str| service_for(job).map(|name| name.to_string());
        assert_eq!(of("web"), Ok("web".to_owned()));
        assert_eq!(of("My_Job.v2"), Ok("my-job-v2".to_owned()));
        assert_eq!(of("asked/dispatch-17-a"), Ok("asked-dispatch-17-a".to_owned()));
        for wrong in ["", "a b", "a\nb", "1web", "---"] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
