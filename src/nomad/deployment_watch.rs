//! Follows one registration of a job until it is healthy or has failed:
//! <https://developer.hashicorp.com/nomad/api-docs/deployments>.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::calls::AllocationCheck;
use super::client::NomadClient;
use super::error::NomadError;
use super::{JobName, diagnose};
use crate::decide::{
    BatchGoal, CheckStatus, ClientStatus, Deployment, DeploymentStatus, DesiredStatus, JobVersions,
    NomadAnswers, RegisteredInstance, RegisteredJob, Rollout, RolloutQuery, RolloutStatus, TaskGroup,
    remembered, rollout_status, short_id,
};

/// Time to wait beyond Nomad's own progress deadline.
const MARGIN: Duration = Duration::from_secs(30);

/// A job that is watched.
pub struct DeploymentWatch {
    pub nomad: NomadClient,
    pub name: JobName,
    /// The `JobModifyIndex` of the registration to follow. None: follow the first version that is found.
    registered: Option<u64>,
    /// The last applied version is known to have failed.
    failed: bool,
    silent: bool,
    batch_goal: BatchGoal,
    seen: RefCell<WatchMemory>,
}

#[derive(Default)]
struct WatchMemory {
    pinned: Option<u64>,
    /// The followed deployment, remembered because Nomad removes it soon after it is over.
    deployment: Option<Deployment>,
    rollout: Option<Rollout>,
    /// The last state of progress, and when it last changed.
    progress: Option<(Vec<ProgressMark>, Instant)>,
    /// At the last look, nothing was under way.
    stuck: bool,
    /// A check that did not pass while the deployment was running. Nomad forgets it with the allocation.
    failing: Option<RegisteredInstance>,
}

/// A deployment's id and status, and the numbers of placed and healthy allocations of one of its groups.
type ProgressMark = (String, DeploymentStatus, u64, u64);

/// The result of one look, with a line for people.
#[derive(Debug, PartialEq)]
pub enum JobHealth {
    Passing(String),
    /// It may still become healthy within this time.
    Waiting(String, Duration),
    Unseen(NomadError),
    Failed(String),
    Stopped(String),
    Superseded(String),
    AwaitingPromotion(String),
}

impl DeploymentWatch {
    pub fn new(nomad: NomadClient, name: JobName, registered: Option<u64>) -> Self {
        let batch_goal = BatchGoal::default();
        Self { nomad, name, registered, failed: false, silent: false, batch_goal, seen: RefCell::default() }
    }

    /// If `failed`, a version that Nomad reverted to is not mistaken for the registered one.
    pub fn after_failure(self, failed: bool) -> Self {
        Self { failed, ..self }
    }

    /// If `silent`, the output of the job's tasks and checks is not repeated.
    pub fn silently(self, silent: bool) -> Self {
        Self { silent, ..self }
    }

    pub fn with_batch_goal(self, batch_goal: BatchGoal) -> Self {
        Self { batch_goal, ..self }
    }

    pub async fn look(&self) -> JobHealth {
        let rollout = match self.read().await {
            Ok(rollout) => rollout,
            Err(NomadError::Missing(_)) => {
                let JobName { namespace, id } = &self.name;
                return JobHealth::Failed(format!("job {id} does not exist in namespace {namespace}"));
            }
            Err(error) => return JobHealth::Unseen(error),
        };
        let course = rollout_status(&rollout);
        let more = self.remember(&rollout);
        let was_stuck =
            std::mem::replace(&mut self.seen.borrow_mut().stuck, matches!(course, RolloutStatus::Stuck(_)));
        match course {
            RolloutStatus::Healthy(message) => match self.failing_check(&rollout).await {
                Ok(None) => JobHealth::Passing(message),
                Ok(Some(failing)) => JobHealth::Waiting(failing, more),
                Err(error) => JobHealth::Unseen(error),
            },
            RolloutStatus::Wait(message) => {
                // If the checks cannot be read now, the next look reads them.
                let _ = self.failing_check(&rollout).await;
                JobHealth::Waiting(message, more)
            }
            RolloutStatus::Reverting(message) => JobHealth::Waiting(message, more),
            RolloutStatus::Stuck(message) if was_stuck => JobHealth::Failed(message),
            RolloutStatus::Stuck(message) => JobHealth::Waiting(message, more),
            RolloutStatus::Failed(message) => JobHealth::Failed(message),
            RolloutStatus::Stopped(message) => JobHealth::Stopped(message),
            RolloutStatus::Superseded(message) => JobHealth::Superseded(message),
            RolloutStatus::AwaitingPromotion(message) => JobHealth::AwaitingPromotion(message),
        }
    }

    /// Reads everything about the job. The order matters: a complete evaluation already has its deployment, and a
    /// deployment has its allocations. The versions come last, because they still show a deployment that was removed.
    pub async fn read(&self) -> Result<Rollout, NomadError> {
        let (nomad, name) = (&self.nomad, &self.name);
        let job = nomad.job(name).await?;
        let evaluations = nomad.evaluations(name).await?;
        let deployments = nomad.deployments(name).await?;
        let allocations = nomad.allocations(name).await?;
        let pinned = *self.seen.borrow_mut().pinned.get_or_insert(job.job_modify_index);
        let registered = self.registered.unwrap_or(pinned);
        let is_there = deployments.iter().any(|one| one.job_spec_modify_index == registered);
        let versions = match is_there && !self.failed {
            true => JobVersions::default(),
            false => nomad.versions(name).await?,
        };
        let seen = self.seen.borrow().deployment.clone();
        let query = RolloutQuery {
            registered: Some(registered),
            failed: self.failed,
            seen,
            batch_goal: self.batch_goal,
        };
        let rollout =
            Rollout::of(query, NomadAnswers { job, evaluations, deployments, allocations, versions });
        if let Some(deployment) = &rollout.deployment {
            self.seen.borrow_mut().deployment = Some(deployment.clone());
        }
        Ok(rollout)
    }

    /// Returns how much longer to wait. Each progress restarts Nomad's own deadline.
    fn remember(&self, rollout: &Rollout) -> Duration {
        let deployments = [&rollout.deployment, &rollout.after];
        let progress: Vec<_> = deployments
            .into_iter()
            .flatten()
            .flat_map(|one| one.task_groups.values().map(move |group| (one, group)))
            .map(|(one, group)| {
                (one.id.clone(), one.status.clone(), group.placed_allocs, group.healthy_allocs)
            })
            .collect();
        let mut seen = self.seen.borrow_mut();
        let since = match seen.progress.take() {
            Some((before, since)) if before == progress => since,
            _ => Instant::now(),
        };
        seen.progress = Some((progress, since));
        seen.rollout = Some(rollout.clone());
        match rollout.patience() {
            Duration::ZERO => Duration::ZERO,
            patience => (patience + MARGIN).saturating_sub(since.elapsed()),
        }
    }

    /// Returns the first check that Nomad itself runs and that does not pass, among the running allocations. Remembers
    /// it.
    async fn failing_check(&self, rollout: &Rollout) -> Result<Option<String>, NomadError> {
        let checked = |group: &&TaskGroup| {
            let services = group.services.iter().chain(group.tasks.iter().flat_map(|task| &task.services));
            let mut own =
                services.filter(|service| service.provider == "nomad" && !service.checks.is_empty());
            own.next().is_some()
        };
        let groups: Vec<_> = rollout.job.task_groups.iter().filter(checked).collect();
        let wanted = groups.iter().map(|group| wanted(&rollout.job, group)).sum();
        let mut looked_at = Vec::new();
        for one in rollout.current().filter(|one| groups.iter().any(|group| group.name == one.task_group)) {
            if one.client_status != ClientStatus::Running || one.desired_status != DesiredStatus::Run {
                continue;
            }
            let checks = self.nomad.checks(&self.name.namespace, &one.id).await?;
            let failing = checks.iter().find(|check| check.status != CheckStatus::Success);
            let failing = failing
                .map(|check| format!("allocation {}: {}", short_id(&one.id), check.explain(self.silent)));
            looked_at.push(RegisteredInstance { id: one.id.clone(), failing });
            if looked_at.iter().any(|one| one.failing.is_some()) {
                break;
            }
        }
        let seen = &mut self.seen.borrow_mut().failing;
        *seen = remembered(seen.take(), &looked_at, wanted);
        Ok(looked_at.pop().and_then(|one| one.failing))
    }

    /// The check that Nomad itself runs and that did not pass at the last look that had to wait.
    pub fn seen_failing(&self) -> Option<String> {
        self.seen.borrow().failing.as_ref()?.failing.clone()
    }

    /// Waits for `pause`, or until the deployment changes.
    pub async fn rest(&self, pause: Duration) {
        let began = Instant::now();
        let open = {
            let seen = self.seen.borrow();
            let rollout = seen.rollout.as_ref();
            let open = |one: &Deployment| (!one.is_over()).then(|| (one.id.clone(), one.modify_index));
            rollout.and_then(|rollout| {
                let deployment = rollout.deployment.as_ref().and_then(open);
                deployment.or_else(|| rollout.after.as_ref().and_then(open))
            })
        };
        if let Some((id, index)) = open {
            let waited = self.nomad.deployment_after(&self.name.namespace, &id, index, pause).await;
            // Only a larger index means a change. Changes of allocations count once the deployment shows them.
            if waited.is_ok_and(|reply| reply.index.is_some_and(|now| now > index)) {
                return;
            }
        }
        sleep(pause.saturating_sub(began.elapsed())).await;
    }

    /// Finds out why the job does not run, as far as Nomad knows.
    pub async fn diagnose(&self) -> diagnose::Diagnosis {
        match self.read().await {
            Ok(rollout) => diagnose::diagnose(&self.nomad, &self.name, &rollout, self.silent).await,
            Err(error) => diagnose::Diagnosis::unseen(&self.name, &error),
        }
    }

    /// The id of the followed deployment, by the last look.
    pub fn deployment(&self) -> Option<String> {
        let seen = self.seen.borrow();
        seen.rollout.as_ref()?.deployment.as_ref().map(|one| one.id.clone())
    }

    /// The allocations that must serve `service`, by the last look. None if the job has no such service.
    pub fn servers(&self, service: &str) -> Option<ServingAllocations> {
        let seen = self.seen.borrow();
        let rollout = seen.rollout.as_ref()?;
        let goes_back = matches!(rollout_status(rollout), RolloutStatus::Reverting(_));
        let mut servers: Option<ServingAllocations> = None;
        for group in &rollout.job.task_groups {
            let services = group.services.iter().chain(group.tasks.iter().flat_map(|task| &task.services));
            let Some(declared) = services.into_iter().find(|one| one.name == service) else { continue };
            let own = servers
                .get_or_insert_with(|| ServingAllocations { goes_back, ..ServingAllocations::default() });
            own.by_nomad |= declared.provider == "nomad";
            own.meshed |= declared.connect.sidecar_service.is_some();
            own.wanted += wanted(&rollout.job, group);
            let of_group = rollout.current().filter(|one| one.task_group == group.name);
            let run = of_group.filter(|one| one.desired_status == DesiredStatus::Run && !one.has_failed());
            own.allocations.extend(run.map(|one| one.id.clone()));
        }
        servers
    }

    pub async fn checks_of(&self, allocation: &str) -> Result<Vec<AllocationCheck>, NomadError> {
        self.nomad.checks(&self.name.namespace, allocation).await
    }
}

/// The allocations that serve one service.
#[derive(Debug, Default)]
pub struct ServingAllocations {
    /// The service is registered with Nomad, so Consul does not know it.
    pub by_nomad: bool,
    /// The mesh reaches the service only through a sidecar.
    pub meshed: bool,
    /// The followed version has failed, and these allocations are of the version before it.
    pub goes_back: bool,
    /// The number of allocations that must exist.
    pub wanted: u64,
    pub allocations: Vec<String>,
}

fn wanted(job: &RegisteredJob, group: &TaskGroup) -> u64 {
    if job.kind.is_on_each_node() { group.count.min(1) } else { group.count }
}
