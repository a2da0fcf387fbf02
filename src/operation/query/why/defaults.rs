//! The defaults of Eos, as the pillar would write them. A key that nothing sets has its default in the checked pillar.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{
    Component, DataPolicy, DestructiveAction, DriftRules, FirstFailure, OnFailure, Policy, RollbackSettings,
    Settings, Timeouts,
};

/// Keys that have no default are missing.
pub(super) fn of_settings(settings: &Settings) -> Value {
    json!({
        "root": settings.root,
        "terraform": { "binary": settings.terraform.binary, "version": settings.terraform.version.to_string() },
        "backend": { "type": settings.backend.kind },
        "lock": { "type": "file" },
        "lock_timeout": duration(settings.lock_timeout),
        "parallelism": settings.parallelism,
        "timeouts": timeouts(&settings.timeouts),
        "on_failure": on_failure(settings.on_failure),
        "policy": policy(&settings.policy),
        "rollback": rollback(&settings.rollback),
        "drift": drift(&settings.drift),
        "concurrency": {}, "prices": {}, "credentials": {}, "hooks": [], "run_hooks": [],
    })
}

pub(super) fn of_component(component: &Component) -> Value {
    json!({
        "enabled": component.enabled,
        "depends_on": [], "data": [], "health": [], "hooks": [], "credentials": {},
        "inherit_hooks": true,
        "backend": { "type": component.backend.kind },
        "timeouts": timeouts(&component.timeouts),
        "on_failure": on_failure(component.on_failure),
        "policy": policy(&component.policy),
        "rollback": rollback(&component.rollback),
        "drift": drift(&component.drift),
    })
}

fn duration(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

fn timeouts(timeouts: &Timeouts) -> Value {
    let Timeouts { init, plan, apply, stop_grace } = *timeouts;
    let [init, plan, apply, stop_grace] = [init, plan, apply, stop_grace].map(duration);
    json!({ "init": init, "plan": plan, "apply": apply, "stop_grace": stop_grace })
}

fn on_failure(on_failure: OnFailure) -> &'static str {
    match on_failure {
        OnFailure::Stop => "stop",
        OnFailure::Continue => "continue",
        OnFailure::Rollback => "rollback",
    }
}

fn policy(policy: &Policy) -> Value {
    let data = match policy.data {
        DataPolicy::Ask => "ask",
        DataPolicy::Allow => "allow",
    };
    json!({
        "allow_destroy": policy.allow_destroy, "max_plan_age": duration(policy.max_plan_age), "data": data,
        "protect": [], "ask": [],
    })
}

fn rollback(rollback: &RollbackSettings) -> Value {
    let words = rollback.needs_approval_for.iter().map(|loss| match loss {
        DestructiveAction::Delete => "delete",
        DestructiveAction::Replace => "replace",
    });
    let first = match rollback.on_first_failure {
        FirstFailure::Keep => "keep",
        FirstFailure::Destroy => "destroy",
    };
    json!({ "needs_approval_for": words.collect::<Vec<_>>(), "on_first_failure": first })
}

fn drift(drift: &DriftRules) -> Value {
    json!({
        "ignore": [], "equal_empty": drift.equal_empty, "alert_after": drift.alert_after,
        "baseline": drift.baseline,
    })
}
