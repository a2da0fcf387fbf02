//! Deployments: how Nomad rolls out a version of a job.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::null::nullable;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Deployment {
    #[serde(rename = "ID")]
    pub id: String,
    pub job_version: u64,
    /// The job's `JobModifyIndex` at its registration. The deployment's own `JobModifyIndex` is a different number.
    pub job_spec_modify_index: u64,
    pub status: String,
    pub status_description: String,
    #[serde(deserialize_with = "nullable")]
    pub task_groups: BTreeMap<String, GroupProgress>,
    pub modify_index: u64,
}

impl Deployment {
    /// Whether Nomad replaces it with the last good version.
    pub fn goes_back(&self) -> bool {
        self.status == "failed" && self.status_description.contains(" - rolling back to job version ")
    }

    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "successful" | "failed" | "cancelled")
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
