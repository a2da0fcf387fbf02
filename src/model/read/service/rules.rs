//! Reads how a job is updated, restarted and placed. The keys have Nomad's names.

use std::time::Duration;

use super::values::scalar;
use crate::model::read::fields::Fields;
use crate::model::read::problems::Problems;
use crate::model::read::scalars;
use crate::model::read::tree::{self, Tree};
use crate::model::service::{JobConstraint, JobKind, RestartSettings, UpdateSettings};

/// Nomad's own defaults for an update block.
const MIN_HEALTHY_TIME: Duration = Duration::from_secs(10);
const HEALTHY_DEADLINE: Duration = Duration::from_secs(5 * 60);
const PROGRESS_DEADLINE: Duration = Duration::from_secs(10 * 60);
/// Longer than other services need to notice that the registration has ended.
const SHUTDOWN_DELAY: Duration = Duration::from_secs(3);

pub(super) fn update(fields: &mut Fields<'_>, kind: JobKind) -> Option<UpdateSettings> {
    let tree = fields.take("update")?;
    let problems = fields.problems;
    let pillar_path = tree.path.clone();
    let mut inner = Fields::open(tree, problems);
    let update = UpdateSettings {
        max_parallel: inner.read("max_parallel", scalars::count),
        canary: inner.read("canary", scalars::count),
        auto_revert: inner.read("auto_revert", scalars::flag),
        auto_promote: inner.read("auto_promote", scalars::flag),
        min_healthy_time: inner.read("min_healthy_time", scalars::duration),
        healthy_deadline: inner.read("healthy_deadline", scalars::limit),
        progress_deadline: inner.read("progress_deadline", scalars::duration),
    };
    inner.close();
    if kind.ends() {
        problems.add(&pillar_path, "a batch job has no deployment: remove it");
    }
    let healthy = update.min_healthy_time.unwrap_or(MIN_HEALTHY_TIME);
    let deadline = update.healthy_deadline.unwrap_or(HEALTHY_DEADLINE);
    let progress = update.progress_deadline.unwrap_or(PROGRESS_DEADLINE);
    let say = |time| humantime::format_duration(time).to_string();
    if healthy >= deadline {
        let message = format!(
            "healthy_deadline ({}) must be longer than min_healthy_time ({})",
            say(deadline),
            say(healthy)
        );
        problems.add(&pillar_path, message);
    }
    if !progress.is_zero() && deadline >= progress {
        let message = format!(
            "progress_deadline ({}) must be longer than healthy_deadline ({}), or 0",
            say(progress),
            say(deadline)
        );
        problems.add(&pillar_path, message);
    }
    if update.auto_promote == Some(true) && update.canary.unwrap_or(0) == 0 {
        problems.add(
            &pillar_path.child("auto_promote"),
            "needs a canary: without one there is nothing to promote",
        );
    }
    Some(update)
}

pub(super) fn restart(fields: &mut Fields<'_>) -> Option<RestartSettings> {
    let mut inner = Fields::open(fields.take("restart")?, fields.problems);
    let restart = RestartSettings {
        attempts: inner.read("attempts", scalars::count),
        interval: inner.read("interval", scalars::limit),
        delay: inner.read("delay", scalars::limit),
        mode: inner.read("mode", |tree| match tree.text() {
            Some("fail") => Ok("fail"),
            Some("delay") => Ok("delay"),
            _ => Err("must be fail or delay".to_owned()),
        }),
    };
    inner.close();
    Some(restart)
}

/// None: the task stops at the same time as its registration ends.
pub(super) fn shutdown_delay(
    fields: &mut Fields<'_>,
    kind: JobKind,
    is_registered: bool,
) -> Option<Duration> {
    let place = fields.place("shutdown_delay");
    let said = fields.read("shutdown_delay", scalars::duration);
    if let Some(pillar_path) = place.filter(|_| !is_registered) {
        fields.problems.add(&pillar_path, "needs a port: without one nothing is registered");
    }
    let default = (is_registered && kind == JobKind::Service).then_some(SHUTDOWN_DELAY);
    said.or(default).filter(|delay| delay.as_millis() > 0)
}

pub(super) fn constraints(tree: Option<Tree>, problems: &Problems) -> Vec<JobConstraint> {
    let Some(tree) = tree else { return Vec::new() };
    let tree::TreeKind::List(items) = tree.kind else {
        problems
            .add(&tree.path, "must be a list, such as [{attribute: \"${attr.kernel.name}\", value: linux}]");
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let mut inner = Fields::open(item, problems);
        let constraint = JobConstraint {
            attribute: inner.read("attribute", scalar),
            operator: inner.read("operator", scalar),
            value: inner.read("value", scalar),
        };
        let alone = matches!(constraint.operator.as_deref(), Some("distinct_hosts"));
        if constraint.attribute.is_none() && !alone {
            let message = "a constraint needs an attribute, such as \"${attr.kernel.name}\", unless its operator is \
                           distinct_hosts";
            problems.add(&inner.path, message);
        }
        inner.close();
        found.push(constraint);
    }
    found
}
