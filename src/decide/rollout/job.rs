//! A registered job.

use serde::Deserialize;
use serde_json::Value;

use super::null::nullable;
use super::status::JobKind;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RegisteredJob {
    pub version: u64,
    /// Increases with each registration that changes the job, and never otherwise.
    pub job_modify_index: u64,
    pub status: String,
    pub stop: bool,
    #[serde(rename = "Type")]
    pub kind: JobKind,
    pub periodic: Value,
    pub parameterized_job: Value,
    #[serde(deserialize_with = "nullable")]
    pub task_groups: Vec<TaskGroup>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskGroup {
    pub name: String,
    pub count: u64,
    pub update: Option<UpdateStrategy>,
    #[serde(deserialize_with = "nullable")]
    pub services: Vec<JobService>,
    #[serde(deserialize_with = "nullable")]
    pub tasks: Vec<GroupTask>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UpdateStrategy {
    /// Nanoseconds. Zero: the first allocation that does not become healthy ends the deployment.
    pub progress_deadline: u64,
    /// Nanoseconds, for each allocation.
    pub healthy_deadline: u64,
    /// Zero: no deployment is made.
    pub max_parallel: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupTask {
    #[serde(deserialize_with = "nullable")]
    pub services: Vec<JobService>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobService {
    pub name: String,
    /// `consul` or `nomad`. An empty text also means `consul`.
    pub provider: String,
    #[serde(deserialize_with = "nullable")]
    pub checks: Vec<Value>,
    #[serde(deserialize_with = "nullable")]
    pub connect: MeshMembership,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MeshMembership {
    /// There is one if the service joins Consul's mesh through a proxy beside it.
    pub sidecar_service: Option<Value>,
}

impl RegisteredJob {
    /// Whether Nomad makes a deployment for each registration of this job. Some releases of Nomad do so for system jobs
    /// too, which are not counted here.
    pub fn has_deployments(&self) -> bool {
        let is_deployed = |one: &TaskGroup| one.update.as_ref().is_some_and(|update| update.max_parallel > 0);
        self.kind == JobKind::Service && self.task_groups.iter().any(|one| one.count > 0 && is_deployed(one))
    }
}
