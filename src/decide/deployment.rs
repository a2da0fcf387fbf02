//! Decides whether a registration with Nomad runs, may still come to run, or never will.

use std::collections::BTreeMap;

use super::rollout::{
    Allocation, BatchGoal, ClientStatus, Deployment, DeploymentStatus, DesiredStatus, EvaluationStatus,
    GroupProgress, Rollout, short_id,
};

/// The result of one query of Nomad. Each variant has a line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolloutStatus {
    Wait(String),
    Healthy(String),
    /// Nomad has decided. Waiting would change nothing.
    Failed(String),
    /// A person stopped the job.
    Stopped(String),
    /// As far as one query can show, nothing in progress can change this. It is queried again before it is reported.
    Stuck(String),
    /// Another registration put a different version in its place.
    Superseded(String),
    /// Its canaries are healthy, and a person has to promote them.
    AwaitingPromotion(String),
    /// It has failed, and Nomad is about to replace it with the last good version.
    Reverting(String),
}

pub fn rollout_status(rollout: &Rollout) -> RolloutStatus {
    let job = &rollout.job;
    if job.stop && rollout.is_ours() {
        return RolloutStatus::Stopped("the job was stopped".to_owned());
    }
    let Some(deployment) = &rollout.deployment else {
        return match rollout.undone_for() {
            Some(older) => back(rollout, &undone(rollout, older)),
            None if rollout.is_ours() => without_deployment(rollout),
            None if job.stop => RolloutStatus::Stopped("the job was stopped".to_owned()),
            None if rollout.is_stable() => newest(rollout),
            // Nobody can tell any longer whether it ever ran, so success is not assumed.
            None => RolloutStatus::Superseded(superseded(rollout)),
        };
    };
    let said = || told(deployment);
    match deployment.status {
        DeploymentStatus::Successful if rollout.is_ours() => running(rollout),
        DeploymentStatus::Successful => newest(rollout),
        DeploymentStatus::Failed if deployment.goes_back() => back(rollout, &said()),
        DeploymentStatus::Failed => RolloutStatus::Failed(said()),
        DeploymentStatus::Cancelled if deployment.is_superseded() => {
            RolloutStatus::Superseded(superseded(rollout))
        }
        DeploymentStatus::Cancelled if job.stop => RolloutStatus::Stopped("the job was stopped".to_owned()),
        DeploymentStatus::Cancelled => RolloutStatus::Failed(said()),
        DeploymentStatus::Running if awaits_promotion(deployment) => RolloutStatus::AwaitingPromotion(said()),
        // Also pending, initializing, blocked, unblocking, paused, and statuses that only a newer Nomad has.
        _ => RolloutStatus::Wait(with_unplaced(rollout, said())),
    }
}

/// `deployment 5c3ad55b: Deployment is running; web: 1 of 2 healthy, 0 unhealthy`.
fn told(deployment: &Deployment) -> String {
    let groups = deployment.task_groups.iter().map(|(group, progress)| {
        let wanted = progress.desired_total.max(progress.desired_canaries);
        format!(
            "; {group}: {} of {wanted} placed, {} healthy, {} unhealthy",
            progress.placed_allocs, progress.healthy_allocs, progress.unhealthy_allocs
        )
    });
    let short = short_id(&deployment.id);
    format!("deployment {short}: {}{}", deployment.status_description, groups.collect::<String>())
}

fn with_unplaced(rollout: &Rollout, message: String) -> String {
    rollout.unplaced().iter().fold(message, |message, (group, why)| {
        format!("{message}; {group} has no node to run on: {}", why.explain())
    })
}

fn superseded(rollout: &Rollout) -> String {
    format!("version {} of the job was registered by someone else", rollout.job.version)
}

/// A canary that is not healthy yet is not ready for promotion.
fn awaits_promotion(deployment: &Deployment) -> bool {
    let waits = |one: &&GroupProgress| one.desired_canaries > 0 && !one.promoted;
    let mut canaries = deployment.task_groups.values().filter(waits).peekable();
    deployment.is_promoted_by_hand()
        && canaries.peek().is_some()
        && canaries.all(|one| one.healthy_allocs >= one.desired_canaries)
}

/// Describes a failed deployment that Nomad has already removed.
fn undone(rollout: &Rollout, older: u64) -> String {
    let ours = rollout.version().map_or_else(String::new, |version| format!(" {version}"));
    let message = format!("Nomad gave up version{ours} of the job and went back to version {older}");
    match &rollout.lost {
        Some(lost) => format!("{message}; its deployment was removed. When last seen: {}", told(lost)),
        None => format!("{message}; the deployment with the reason was removed"),
    }
}

/// This registration ran once, and another version has replaced it. That newer version is judged now.
fn newest(rollout: &Rollout) -> RolloutStatus {
    let newest = Rollout {
        ours: rollout.job.job_modify_index,
        deployment: rollout.after.clone(),
        lost: None,
        after: None,
        ..rollout.clone()
    };
    rollout_status(&newest)
}

/// The failure is final. Decides whether to wait until the version runs to which Nomad went back.
fn back(rollout: &Rollout, message: &str) -> RolloutStatus {
    let version = rollout.job.version;
    let settled = |what: &str| RolloutStatus::Failed(format!("{message}; {what}"));
    match &rollout.after {
        _ if rollout.job.stop => settled("the job was stopped"),
        Some(after) if after.goes_back() => RolloutStatus::Reverting(format!("{message}; {}", told(after))),
        Some(after) if after.status == DeploymentStatus::Successful => {
            settled("the previous version runs again")
        }
        Some(after) if after.is_over() => {
            settled(&format!("and the rollback to the previous version failed too: {}", told(after)))
        }
        Some(after) => RolloutStatus::Reverting(format!("{message}; {}", told(after))),
        None if !rollout.is_ours() && matches!(running(rollout), RolloutStatus::Healthy(_)) => {
            settled("the previous version runs again")
        }
        None => RolloutStatus::Reverting(format!("{message}; version {version} is not registered yet")),
    }
}

fn without_deployment(rollout: &Rollout) -> RolloutStatus {
    let job = &rollout.job;
    if !job.periodic.is_null() || !job.parameterized_job.is_null() {
        return RolloutStatus::Healthy("registered: it runs at its next scheduled time".to_owned());
    }
    let of_ours = rollout.evaluations.iter().filter(|one| one.job_modify_index == rollout.ours);
    let mut of_ours: Vec<_> = of_ours.collect();
    of_ours.sort_by_key(|one| one.create_index);
    if let Some(failed) =
        of_ours.last().filter(|one| one.status == EvaluationStatus::Failed && one.next_eval.is_empty())
    {
        return RolloutStatus::Stuck(format!("its evaluation failed: {}", failed.status_description));
    }
    if rollout.evaluations.iter().any(|one| one.status == EvaluationStatus::Pending) {
        return RolloutStatus::Wait("Nomad has not scheduled it yet".to_owned());
    }
    // A removed deployment was over. It was not cancelled, because this registration is still current. It was not
    // successful either.
    if job.has_deployments() && !rollout.is_stable() {
        let gone = "its deployment was removed, and Nomad has not marked this version as stable";
        return match &rollout.lost {
            Some(lost) => RolloutStatus::Failed(format!("{gone}; last seen: {}", told(lost))),
            None => RolloutStatus::Stuck(gone.to_owned()),
        };
    }
    match running(rollout) {
        RolloutStatus::Wait(message) => RolloutStatus::Wait(with_unplaced(rollout, message)),
        course => course,
    }
}

/// Whether the requested allocations run, or have ended successfully. Each allocation is checked.
fn running(rollout: &Rollout) -> RolloutStatus {
    let is_batch = rollout.job.kind.ends();
    let may_work = is_batch && rollout.batch_goal == BatchGoal::Working;
    let on_each_node = rollout.job.kind.is_on_each_node();
    let mut groups: BTreeMap<&str, Vec<&Allocation>> = BTreeMap::new();
    for one in
        rollout.current().filter(|one| one.desired_status == DesiredStatus::Run || (is_batch && is_done(one)))
    {
        groups.entry(&one.task_group).or_default().push(one);
    }
    let mut said = Vec::new();
    let mut well = true;
    for group in &rollout.job.task_groups {
        let all = groups.remove(group.name.as_str()).unwrap_or_default();
        let lost = all.iter().find(|one| one.has_failed() && !one.is_followed());
        if let Some(failed) = lost.filter(|one| one.client_status == ClientStatus::Failed) {
            let short = short_id(&failed.id);
            return RolloutStatus::Stuck(format!(
                "{}: allocation {short} failed: {}",
                group.name,
                failed.why()
            ));
        }
        let alive = all.iter().filter(|one| !(one.has_failed() && one.is_followed())).count() as u64;
        let is_good = |one: &&&Allocation| match is_batch {
            true => is_done(one) || (may_work && is_up(one)),
            false => is_up(one),
        };
        let good = all.iter().filter(is_good).count() as u64;
        let wanted = if on_each_node { alive.max(group.count.min(1)) } else { group.count };
        well &= good >= wanted;
        let word = match (is_batch, may_work) {
            (true, false) => "complete",
            (true, true) => "running or complete",
            (false, _) => "running",
        };
        said.push(format!("{}: {good} of {wanted} {word}", group.name));
    }
    let message = said.join("; ");
    if well { RolloutStatus::Healthy(message) } else { RolloutStatus::Wait(message) }
}

fn is_up(one: &Allocation) -> bool {
    let unhealthy = one.deployment_status.as_ref().and_then(|judged| judged.healthy) == Some(false);
    one.client_status == ClientStatus::Running && !unhealthy
}

/// Nomad marks an allocation complete only if each task ended with exit code 0, or was asked to stop.
fn is_done(one: &Allocation) -> bool {
    one.client_status == ClientStatus::Complete && one.task_states.values().all(|task| !task.failed)
}

#[cfg(test)]
mod tests;
