//! One look at a job of Nomad's: its registration, what was made of it, and what runs.
//!
//! The types are those of Nomad's HTTP API, as far as they are read: <https://developer.hashicorp.com/nomad/api-docs>.

mod allocation;
mod deployment;
mod evaluation;
mod job;
mod null;

use std::collections::BTreeMap;
use std::time::Duration;

pub use allocation::Allocation;
pub use deployment::{Deployment, Progress};
pub use evaluation::{Evaluation, Unplaced};
pub use job::{Group, Job};

/// All that is known of one registration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    pub job: Job,
    /// The `JobModifyIndex` of the registration that is asked about.
    pub ours: u64,
    pub deployment: Option<Deployment>,
    /// Of the version that is there now, where that is another.
    pub after: Option<Deployment>,
    /// Since our registration.
    pub evaluations: Vec<Evaluation>,
    pub allocations: Vec<Allocation>,
}

impl Rollout {
    /// `registered` is what our registration was answered with; without it, the one that is there now is ours.
    ///
    /// `failed`: what was applied last is known to have failed. A version that Nomad went back to afterwards is then
    /// not ours, though a refresh of Terraform's may name it.
    pub fn of(
        job: Job,
        registered: Option<u64>,
        failed: bool,
        evaluations: Vec<Evaluation>,
        deployments: &[Deployment],
        allocations: Vec<Allocation>,
    ) -> Self {
        let of = |index| deployments.iter().find(|one| one.job_spec_modify_index == index);
        let registered = registered.unwrap_or(job.job_modify_index);
        let by_a_person = |index| {
            let registers =
                |one: &&Evaluation| one.triggered_by == "job-register" && one.create_index >= index;
            evaluations.iter().find(registers).is_some()
        };
        let undone = of(registered).filter(|_| failed && !by_a_person(registered)).and_then(|back| {
            deployments.iter().find(|one| one.job_version + 1 == back.job_version && one.goes_back())
        });
        let ours = undone.map_or(registered, |failed| failed.job_spec_modify_index);
        let after = of(job.job_modify_index).filter(|_| job.job_modify_index != ours).cloned();
        let evaluations = evaluations.into_iter().filter(|one| one.create_index >= ours).collect();
        Self { ours, deployment: of(ours).cloned(), after, evaluations, allocations, job }
    }

    /// Whether the version that is there now is the one that is asked about.
    pub fn is_ours(&self) -> bool {
        self.job.job_modify_index == self.ours
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
        let version = match &self.deployment {
            Some(deployment) => Some(deployment.job_version),
            None => self.is_ours().then_some(self.job.version),
        };
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
