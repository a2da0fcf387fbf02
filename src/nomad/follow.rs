//! Follows what became of one registration of a job: <https://developer.hashicorp.com/nomad/api-docs/deployments>.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::calls::Check;
use super::client::Nomad;
use super::trouble::Trouble;
use super::{JobName, diagnose};
use crate::decide::{
    Answers, Asked, Course, Deployment, Group, Job, Registered, Rollout, Versions, course, remembered,
    short_id,
};

/// Beyond the time in which Nomad itself has to see progress.
const MARGIN: Duration = Duration::from_secs(30);

/// One job, watched.
pub struct Follow {
    pub nomad: Nomad,
    pub name: JobName,
    /// The `JobModifyIndex` of our registration; None: the version that is found first.
    registered: Option<u64>,
    /// What was applied last is known to have failed.
    failed: bool,
    silent: bool,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    pinned: Option<u64>,
    /// Of ours: Nomad removes it soon after it is over.
    deployment: Option<Deployment>,
    rollout: Option<Rollout>,
    /// What showed progress, and when it last changed.
    progress: Option<(Vec<Step>, Instant)>,
    /// The last look found nothing under way.
    stuck: bool,
    /// A check that did not pass while the deployment went on: Nomad forgets it with the allocation.
    failing: Option<Registered>,
}

/// A deployment's id and status, and of one of its groups what is placed and what is healthy.
type Step = (String, String, u64, u64);

/// What one look found; each with a line for people.
#[derive(Debug, PartialEq)]
pub enum Found {
    Passing(String),
    /// So much longer something may still come of it.
    Waiting(String, Duration),
    Unseen(Trouble),
    Failed(String),
    Stopped(String),
    Superseded(String),
    AwaitingPromotion(String),
}

impl Follow {
    pub fn new(nomad: Nomad, name: JobName, registered: Option<u64>) -> Self {
        Self { nomad, name, registered, failed: false, silent: false, seen: RefCell::default() }
    }

    /// Where `failed`, a version that Nomad went back to is not taken for the one that was registered.
    pub fn after_failure(self, failed: bool) -> Self {
        Self { failed, ..self }
    }

    /// Where `silent`, nothing is repeated that its tasks wrote, or its checks answered.
    pub fn silently(self, silent: bool) -> Self {
        Self { silent, ..self }
    }

    pub async fn look(&self) -> Found {
        let rollout = match self.read().await {
            Ok(rollout) => rollout,
            Err(Trouble::Missing(_)) => {
                let JobName { namespace, id } = &self.name;
                return Found::Failed(format!("Nomad has no job {id} in namespace {namespace}"));
            }
            Err(trouble) => return Found::Unseen(trouble),
        };
        let course = course(&rollout);
        let more = self.remember(&rollout);
        let was_stuck =
            std::mem::replace(&mut self.seen.borrow_mut().stuck, matches!(course, Course::Stuck(_)));
        match course {
            Course::Healthy(said) => match self.failing_check(&rollout).await {
                Ok(None) => Found::Passing(said),
                Ok(Some(failing)) => Found::Waiting(failing, more),
                Err(trouble) => Found::Unseen(trouble),
            },
            Course::Wait(said) => {
                // What cannot be asked now is asked with the next look.
                let _ = self.failing_check(&rollout).await;
                Found::Waiting(said, more)
            }
            Course::Reverting(said) => Found::Waiting(said, more),
            Course::Stuck(said) if was_stuck => Found::Failed(said),
            Course::Stuck(said) => Found::Waiting(said, more),
            Course::Failed(said) => Found::Failed(said),
            Course::Stopped(said) => Found::Stopped(said),
            Course::Superseded(said) => Found::Superseded(said),
            Course::AwaitingPromotion(said) => Found::AwaitingPromotion(said),
        }
    }

    /// In this order: an evaluation that is complete has its deployment, and that its allocations; and a deployment
    /// that was removed before has left its mark on the versions.
    pub async fn read(&self) -> Result<Rollout, Trouble> {
        let (nomad, name) = (&self.nomad, &self.name);
        let job = nomad.job(name).await?;
        let evaluations = nomad.evaluations(name).await?;
        let deployments = nomad.deployments(name).await?;
        let allocations = nomad.allocations(name).await?;
        let pinned = *self.seen.borrow_mut().pinned.get_or_insert(job.job_modify_index);
        let registered = self.registered.unwrap_or(pinned);
        let is_there = deployments.iter().any(|one| one.job_spec_modify_index == registered);
        let versions = match is_there && !self.failed {
            true => Versions::default(),
            false => nomad.versions(name).await?,
        };
        let seen = self.seen.borrow().deployment.clone();
        let asked = Asked { registered: Some(registered), failed: self.failed, seen };
        let rollout = Rollout::of(asked, Answers { job, evaluations, deployments, allocations, versions });
        if let Some(deployment) = &rollout.deployment {
            self.seen.borrow_mut().deployment = Some(deployment.clone());
        }
        Ok(rollout)
    }

    /// How much longer it is worth waiting: while there is progress, Nomad's own deadline begins anew.
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

    /// The first check of Nomad's own that does not pass, of what runs; it is remembered.
    async fn failing_check(&self, rollout: &Rollout) -> Result<Option<String>, Trouble> {
        let checked = |group: &&Group| {
            let services = group.services.iter().chain(group.tasks.iter().flat_map(|task| &task.services));
            let mut own =
                services.filter(|service| service.provider == "nomad" && !service.checks.is_empty());
            own.next().is_some()
        };
        let groups: Vec<_> = rollout.job.task_groups.iter().filter(checked).collect();
        let wanted = groups.iter().map(|group| wanted(&rollout.job, group)).sum();
        let mut looked_at = Vec::new();
        for one in rollout.current().filter(|one| groups.iter().any(|group| group.name == one.task_group)) {
            if one.client_status != "running" || one.desired_status != "run" {
                continue;
            }
            let checks = self.nomad.checks(&self.name.namespace, &one.id).await?;
            let failing = checks.iter().find(|check| check.status != "success");
            let failing = failing
                .map(|check| format!("allocation {}: {}", short_id(&one.id), check.explain(self.silent)));
            looked_at.push(Registered { id: one.id.clone(), failing });
            if looked_at.iter().any(|one| one.failing.is_some()) {
                break;
            }
        }
        let seen = &mut self.seen.borrow_mut().failing;
        *seen = remembered(seen.take(), &looked_at, wanted);
        Ok(looked_at.pop().and_then(|one| one.failing))
    }

    /// A check of Nomad's own that did not pass when this was last waited for.
    pub fn seen_failing(&self) -> Option<String> {
        self.seen.borrow().failing.as_ref()?.failing.clone()
    }

    /// Until there may be news: as long as `pause`, or less where the deployment moves.
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
            // An index that has moved is news; what runs is news only by the deployment's word.
            if waited.is_ok_and(|reply| reply.index.is_some_and(|now| now > index)) {
                return;
            }
        }
        sleep(pause.saturating_sub(began.elapsed())).await;
    }

    /// Why it does not run, as far as Nomad tells.
    pub async fn diagnose(&self) -> diagnose::Diagnosis {
        match self.read().await {
            Ok(rollout) => diagnose::diagnose(&self.nomad, &self.name, &rollout, self.silent).await,
            Err(trouble) => diagnose::Diagnosis::unseen(&self.name, &trouble),
        }
    }

    /// The id of ours, by the last look.
    pub fn deployment(&self) -> Option<String> {
        let seen = self.seen.borrow();
        seen.rollout.as_ref()?.deployment.as_ref().map(|one| one.id.clone())
    }

    /// Who has to serve `service`, by the last look; None where the job has no such service.
    pub fn servers(&self, service: &str) -> Option<Servers> {
        let seen = self.seen.borrow();
        let rollout = seen.rollout.as_ref()?;
        let goes_back = matches!(course(rollout), Course::Reverting(_));
        let mut servers: Option<Servers> = None;
        for group in &rollout.job.task_groups {
            let services = group.services.iter().chain(group.tasks.iter().flat_map(|task| &task.services));
            let Some(declared) = services.into_iter().find(|one| one.name == service) else { continue };
            let own = servers.get_or_insert_with(|| Servers { goes_back, ..Servers::default() });
            own.by_nomad |= declared.provider == "nomad";
            own.wanted += wanted(&rollout.job, group);
            let of_group = rollout.current().filter(|one| one.task_group == group.name);
            let run = of_group.filter(|one| one.desired_status == "run" && !one.has_failed());
            own.allocations.extend(run.map(|one| one.id.clone()));
        }
        servers
    }

    pub async fn checks_of(&self, allocation: &str) -> Result<Vec<Check>, Trouble> {
        self.nomad.checks(&self.name.namespace, allocation).await
    }
}

/// The allocations that serve one service.
#[derive(Debug, Default)]
pub struct Servers {
    /// Registered with Nomad, so that no Consul knows it.
    pub by_nomad: bool,
    /// Ours has failed, and these are of the version before it.
    pub goes_back: bool,
    /// How many there have to be.
    pub wanted: u64,
    pub allocations: Vec<String>,
}

fn wanted(job: &Job, group: &Group) -> u64 {
    match job.kind.as_str() {
        "system" | "sysbatch" => group.count.min(1),
        _ => group.count,
    }
}
