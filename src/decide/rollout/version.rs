//! The versions of a job. They exist longer than their deployments, which Nomad removes some time after their end.

use serde::Deserialize;

use super::null::nullable;

/// Nomad's answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobVersions {
    #[serde(deserialize_with = "nullable")]
    pub versions: Vec<JobVersion>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobVersion {
    pub version: u64,
    pub job_modify_index: u64,
    /// Its deployment was successful. A version that Nomad itself or a scaling makes from a stable version starts as
    /// stable.
    pub stable: bool,
    /// Nanoseconds since 1970. Each registration has its own time. A version that Nomad makes when it goes back keeps
    /// the time of the version that it copies.
    pub submit_time: i64,
}

impl JobVersions {
    /// The version that this registration made.
    pub fn registered(&self, index: u64) -> Option<&JobVersion> {
        self.versions.iter().find(|one| one.job_modify_index == index)
    }

    /// The older version with which Nomad itself replaced the version `failed`, if it did.
    pub fn undid(&self, failed: u64) -> Option<&JobVersion> {
        let next = self.versions.iter().find(|one| one.version == failed + 1)?;
        self.versions.iter().find(|one| one.version < failed && one.submit_time == next.submit_time)
    }
}
