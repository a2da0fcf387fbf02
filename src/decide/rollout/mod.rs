//! One look at a job of Nomad's: its registration, what was made of it, and what runs.
//!
//! The types are those of Nomad's HTTP API, as far as they are read: <https://developer.hashicorp.com/nomad/api-docs>.

mod allocation;
mod deployment;
mod evaluation;
mod job;
mod null;
mod version;

use std::collections::BTreeMap;
use std::time::Duration;

pub use allocation::Allocation;
pub use deployment::{Deployment, Progress};
pub use evaluation::{Evaluation, Unplaced};
pub use job::{Group, Job};
pub use version::{Version, Versions};

/// Which registration is asked about.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What it was answered with; without it, the one that is there now is meant.
    pub registered: Option<u64>,
    /// What was applied last is known to have failed. A version that Nomad went back to afterwards is then not ours,
    /// though a refresh of Terraform's may name it.
    pub failed: bool,
    /// Its deployment, as an earlier look has seen it.
    pub seen: Option<Deployment>,
}

/// What Nomad answers in one look.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    pub job: Job,
    pub evaluations: Vec<Evaluation>,
    pub deployments: Vec<Deployment>,
    pub allocations: Vec<Allocation>,
    /// Read only if the deployment of this registration is missing, or its version is known to have failed.
    pub versions: Versions,
}

/// All that is known of one registration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    pub job: Job,
    /// The `JobModifyIndex` of the registration that is asked about.
    pub ours: u64,
    /// As Nomad has it; one that was over when it was seen, also where Nomad has removed it since.
    pub deployment: Option<Deployment>,
    /// It was under way when it was seen, and Nomad has removed it since.
    pub lost: Option<Deployment>,
    /// Of the version that is there now, where that is another.
    pub after: Option<Deployment>,
    /// Since our registration.
    pub evaluations: Vec<Evaluation>,
    pub allocations: Vec<Allocation>,
    pub versions: Versions,
}

impl Rollout {
    pub fn of(asked: Asked, answers: Answers) -> Self {
        let Answers { job, evaluations, deployments, allocations, versions } = answers;
        let of = |index| deployments.iter().find(|one| one.job_spec_modify_index == index);
        let registered = asked.registered.unwrap_or(job.job_modify_index);
        let by_a_person =
            |one: &Evaluation| one.triggered_by == "job-register" && one.create_index >= registered;
        let undone = versions.registered(registered).filter(|_| asked.failed).and_then(|back| {
            let failed = versions.versions.iter().find(|one| one.version + 1 == back.version)?;
            versions.undid(failed.version).filter(|_| !evaluations.iter().any(by_a_person)).and(Some(failed))
        });
        let ours = undone.map_or(registered, |failed| failed.job_modify_index);
        let after = of(job.job_modify_index).filter(|_| job.job_modify_index != ours).cloned();
        let evaluations = evaluations.into_iter().filter(|one| one.create_index >= ours).collect();
        let seen = asked.seen.filter(|one| one.job_spec_modify_index == ours && of(ours).is_none());
        let (over, lost) = match seen {
            Some(seen) if seen.is_over() => (Some(seen), None),
            seen => (None, seen),
        };
        let deployment = of(ours).cloned().or(over);
        Self { ours, deployment, lost, after, evaluations, allocations, versions, job }
    }

    /// Whether the version that is there now is the one that is asked about.
    pub fn is_ours(&self) -> bool {
        self.job.job_modify_index == self.ours
    }

    /// The number of the version that is asked about, where that is known.
    pub fn version(&self) -> Option<u64> {
        let by_deployment = self.deployment.as_ref().or(self.lost.as_ref()).map(|one| one.job_version);
        let registered = || self.versions.registered(self.ours).map(|one| one.version);
        by_deployment.or_else(|| self.is_ours().then_some(self.job.version)).or_else(registered)
    }

    /// Whether its deployment was successful, by what outlives it.
    pub fn is_stable(&self) -> bool {
        self.versions.registered(self.ours).is_some_and(|one| one.stable)
    }

    /// The version with which Nomad itself replaced this registration. Deployments are not needed to find it.
    pub fn undone_for(&self) -> Option<u64> {
        Some(self.versions.undid(self.version()?)?.version)
    }

    /// Whether our registration is there still, and nothing of the job runs or may come to run by itself.
    pub fn is_spent(&self) -> bool {
        let is_alive =
            |one: &Allocation| matches!(one.client_status.as_str(), "pending" | "running" | "unknown");
        self.is_ours() && !self.job.stop && !self.allocations.iter().any(is_alive)
    }

    /// Those of the version that is there now.
    pub fn current(&self) -> impl Iterator<Item = &Allocation> {
        self.allocations.iter().filter(|one| one.job_version == self.job.version)
    }

    /// Those of the version that is asked about.
    pub fn of_ours(&self) -> impl Iterator<Item = &Allocation> {
        let version = self.version();
        self.allocations.iter().filter(move |one| Some(one.job_version) == version)
    }

    /// The largest of the groups' deadlines: so long nothing may happen.
    pub fn patience(&self) -> Duration {
        let all = self.job.task_groups.iter().filter_map(|group| group.update.as_ref());
        let longest = all.map(|update| update.progress_deadline.max(update.healthy_deadline)).max();
        Duration::from_nanos(longest.unwrap_or_default())
    }

    /// Groups that found no node, by the newest evaluation that tells.
    pub fn unplaced(&self) -> BTreeMap<&str, &Unplaced> {
        let waiting = self.evaluations.iter().filter(|one| one.status == "blocked");
        let newest = waiting.max_by_key(|one| one.create_index);
        newest.into_iter().flat_map(|one| &one.unplaced).map(|(group, why)| (group.as_str(), why)).collect()
    }
}

/// As Nomad shows an id.
pub fn short_id(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
