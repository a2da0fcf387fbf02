//! Deployments: how Nomad rolls out a version of a job.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::null::nullable;
use super::status::DeploymentStatus;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Deployment {
    #[serde(rename = "ID")]
    pub id: String,
    pub job_version: u64,
    /// The job's `JobModifyIndex` at its registration. The deployment's own `JobModifyIndex` is a different number.
    pub job_spec_modify_index: u64,
    pub status: DeploymentStatus,
    pub status_description: String,
    #[serde(deserialize_with = "nullable")]
    pub task_groups: BTreeMap<String, GroupProgress>,
    pub modify_index: u64,
}

impl Deployment {
    /// Whether Nomad replaces it with the last good version.
    pub fn goes_back(&self) -> bool {
        self.status == DeploymentStatus::Failed
            && self.status_description.contains(" - rolling back to job version ")
    }

    /// A newer version of the job has ended it.
    pub fn is_superseded(&self) -> bool {
        self.status_description.contains("newer version")
    }

    /// Its canaries wait for a person.
    pub fn is_promoted_by_hand(&self) -> bool {
        self.status_description.contains("requires manual promotion")
    }

    pub fn is_over(&self) -> bool {
        matches!(
            self.status,
            DeploymentStatus::Successful | DeploymentStatus::Failed | DeploymentStatus::Cancelled
        )
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupProgress {
    pub desired_total: u64,
    pub desired_canaries: u64,
    pub placed_allocs: u64,
    pub healthy_allocs: u64,
    pub unhealthy_allocs: u64,
    pub promoted: bool,
    pub auto_promote: bool,
}
