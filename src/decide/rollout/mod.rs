//! The data of one query about a Nomad job: its registration, its rollout, and its allocations.
//!
//! The types are those of Nomad's HTTP API. They contain only fields that Eos reads:
//! <https://developer.hashicorp.com/nomad/api-docs>.

mod allocation;
mod deployment;
mod evaluation;
mod job;
mod null;
mod status;
mod version;

use std::collections::BTreeMap;
use std::time::Duration;

pub use allocation::Allocation;
pub use deployment::{Deployment, GroupProgress};
pub use evaluation::{Evaluation, PlacementFailure};
pub use job::{RegisteredJob, TaskGroup};
pub use status::{CheckStatus, ClientStatus, DeploymentStatus, DesiredStatus, EvaluationStatus};
pub use version::{JobVersion, JobVersions};

/// The registration that a query is about.
#[derive(Clone, Debug, Default)]
pub struct RolloutQuery {
    /// The index that Nomad returned for the registration. None means the current registration.
    pub registered: Option<u64>,
    /// The last applied version is known to have failed. If Nomad went back to another version afterwards, that version
    /// is not ours, even if a refresh by Terraform has written its index into the state.
    pub failed: bool,
    /// Its deployment, as an earlier query saw it.
    pub seen: Option<Deployment>,
    pub batch_goal: BatchGoal,
}

/// When a batch job is healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchGoal {
    #[default]
    Complete,
    /// It may still work: this registration was healthy before, or others started it.
    Working,
}

/// Nomad's answers in one query.
#[derive(Clone, Debug, Default)]
pub struct NomadAnswers {
    pub job: RegisteredJob,
    pub evaluations: Vec<Evaluation>,
    pub deployments: Vec<Deployment>,
    pub allocations: Vec<Allocation>,
    /// Read only if the deployment of this registration is missing, or if its version is known to have failed.
    pub versions: JobVersions,
}

/// All that is known about one registration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    pub job: RegisteredJob,
    /// The `JobModifyIndex` of the registration that the query is about.
    pub ours: u64,
    /// The deployment from Nomad. If Nomad has removed it, the one seen earlier, provided that it was over then.
    pub deployment: Option<Deployment>,
    /// The deployment seen earlier, if it was in progress then and Nomad has removed it since.
    pub lost: Option<Deployment>,
    /// The deployment of the current version, if that is a different version.
    pub after: Option<Deployment>,
    /// Evaluations since this registration.
    pub evaluations: Vec<Evaluation>,
    pub allocations: Vec<Allocation>,
    pub versions: JobVersions,
    pub batch_goal: BatchGoal,
}

impl Rollout {
    pub fn of(query: RolloutQuery, answers: NomadAnswers) -> Self {
        let NomadAnswers { job, evaluations, deployments, allocations, versions } = answers;
        let of = |index| deployments.iter().find(|one| one.job_spec_modify_index == index);
        let registered = query.registered.unwrap_or(job.job_modify_index);
        let by_a_person =
            |one: &Evaluation| one.triggered_by == "job-register" && one.create_index >= registered;
        let undone = versions.registered(registered).filter(|_| query.failed).and_then(|back| {
            let failed = versions.versions.iter().find(|one| one.version + 1 == back.version)?;
            versions.undid(failed.version).filter(|_| !evaluations.iter().any(by_a_person)).and(Some(failed))
        });
        let ours = undone.map_or(registered, |failed| failed.job_modify_index);
        let after = of(job.job_modify_index).filter(|_| job.job_modify_index != ours).cloned();
        let evaluations = evaluations.into_iter().filter(|one| one.create_index >= ours).collect();
        let seen = query.seen.filter(|one| one.job_spec_modify_index == ours && of(ours).is_none());
        let (over, lost) = match seen {
            Some(seen) if seen.is_over() => (Some(seen), None),
            seen => (None, seen),
        };
        let deployment = of(ours).cloned().or(over);
        let batch_goal = query.batch_goal;
        Self { ours, deployment, lost, after, evaluations, allocations, versions, job, batch_goal }
    }

    /// Whether the current version is the one that the query is about.
    pub fn is_ours(&self) -> bool {
        self.job.job_modify_index == self.ours
    }

    /// The number of the version that the query is about, if it is known.
    pub fn version(&self) -> Option<u64> {
        let by_deployment = self.deployment.as_ref().or(self.lost.as_ref()).map(|one| one.job_version);
        let registered = || self.versions.registered(self.ours).map(|one| one.version);
        by_deployment.or_else(|| self.is_ours().then_some(self.job.version)).or_else(registered)
    }

    /// Whether its deployment was successful. The version's `Stable` shows it, even after the deployment is removed.
    pub fn is_stable(&self) -> bool {
        self.versions.registered(self.ours).is_some_and(|one| one.stable)
    }

    /// The version with which Nomad itself replaced this registration. It can be found without deployments.
    pub fn undone_for(&self) -> Option<u64> {
        Some(self.versions.undid(self.version()?)?.version)
    }

    /// Whether this registration is still current, and nothing of the job runs or could start by itself.
    pub fn is_spent(&self) -> bool {
        let is_alive = |one: &Allocation| {
            matches!(one.client_status, ClientStatus::Pending | ClientStatus::Running | ClientStatus::Unknown)
        };
        self.is_ours() && !self.job.stop && !self.allocations.iter().any(is_alive)
    }

    /// Allocations of the current version.
    pub fn current(&self) -> impl Iterator<Item = &Allocation> {
        self.allocations.iter().filter(|one| one.job_version == self.job.version)
    }

    /// Allocations of the version that the query is about.
    pub fn of_ours(&self) -> impl Iterator<Item = &Allocation> {
        let version = self.version();
        self.allocations.iter().filter(move |one| Some(one.job_version) == version)
    }

    /// The largest deadline of all groups. For this long, it is normal that nothing happens.
    pub fn patience(&self) -> Duration {
        let all = self.job.task_groups.iter().filter_map(|group| group.update.as_ref());
        let longest = all.map(|update| update.progress_deadline.max(update.healthy_deadline)).max();
        Duration::from_nanos(longest.unwrap_or_default())
    }

    /// Groups for which no node was found, from the newest blocked evaluation.
    pub fn unplaced(&self) -> BTreeMap<&str, &PlacementFailure> {
        let waiting = self.evaluations.iter().filter(|one| one.status == EvaluationStatus::Blocked);
        let newest = waiting.max_by_key(|one| one.create_index);
        newest.into_iter().flat_map(|one| &one.unplaced).map(|(group, why)| (group.as_str(), why)).collect()
    }
}

/// The short form in which Nomad shows an id.
pub fn short_id(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
