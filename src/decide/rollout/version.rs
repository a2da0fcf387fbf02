//! The versions of a job, which outlive their deployments: Nomad removes those that are over.

use serde::Deserialize;

use super::null::nullable;

/// What Nomad answers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Versions {
    #[serde(deserialize_with = "nullable")]
    pub versions: Vec<Version>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Version {
    pub version: u64,
    pub job_modify_index: u64,
    /// Its deployment was successful. A version that Nomad or a scaling made from a stable one begins so.
    pub stable: bool,
    /// Nanoseconds since 1970. Each registration has its own, but not a version that Nomad goes back to by itself:
    /// it keeps that of the version it is a copy of.
    pub submit_time: i64,
}

impl Versions {
    /// The one that this registration made.
    pub fn registered(&self, index: u64) -> Option<&Version> {
        self.versions.iter().find(|one| one.job_modify_index == index)
    }

    /// Where Nomad itself put an older version in the place of this one: that older version.
    pub fn undid(&self, failed: u64) -> Option<&Version> {
        let next = self.versions.iter().find(|one| one.version == failed + 1)?;
        self.versions.iter().find(|one| one.version < failed && one.submit_time == next.submit_time)
    }
}
