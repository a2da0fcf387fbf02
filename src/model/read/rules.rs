//! Reads settings that limit what a component may do and for how long. A component may override each of them.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::time::Duration;

use super::fields::Fields;
use super::problems::Problems;
use super::scalars;
use super::tree::Tree;
use crate::model::settings::{
    DataPolicy, DestructiveAction, FirstFailure, OnFailure, PlannedStep, Policy, RollbackSettings, Timeouts,
};
use crate::model::{DriftPattern, DriftRules};

const MINUTE: u64 = 60;

pub(super) fn timeouts(tree: Tree, problems: &Problems) -> Timeouts {
    let mut fields = Fields::open(tree, problems);
    let mut read =
        |key, minutes: u64| fields.read(key, scalars::limit).unwrap_or(Duration::from_secs(minutes * MINUTE));
    let timeouts = Timeouts {
        init: read("init", 10),
        plan: read("plan", 30),
        apply: read("apply", 120),
        stop_grace: read("stop_grace", 10),
    };
    fields.close();
    timeouts
}

pub(super) fn on_failure(tree: &Tree) -> Result<OnFailure, String> {
    match tree.text() {
        Some("stop") => Ok(OnFailure::Stop),
        Some("continue") => Ok(OnFailure::Continue),
        Some("rollback") => Ok(OnFailure::Rollback),
        _ => Err("must be one of: stop, continue, rollback".to_owned()),
    }
}

pub(super) fn policy(tree: Tree, problems: &Problems) -> Policy {
    let default = Policy::default();
    let mut fields = Fields::open(tree, problems);
    let policy = Policy {
        allow_destroy: fields.read("allow_destroy", scalars::flag).unwrap_or(default.allow_destroy),
        max_destroys: fields.read("max_destroys", scalars::count),
        max_monthly_cost: fields.read("max_monthly_cost", scalars::price),
        protect: fields.read("protect", scalars::texts).unwrap_or_default().into_iter().collect(),
        ask: fields.read("ask", steps).unwrap_or_default(),
        data: fields.read("data", data_policy).unwrap_or(default.data),
        max_plan_age: fields.read("max_plan_age", scalars::duration).unwrap_or(default.max_plan_age),
    };
    fields.close();
    policy
}

fn steps(tree: &Tree) -> Result<BTreeSet<PlannedStep>, String> {
    let step = |word: &String| PlannedStep::ALL.iter().find(|(name, _)| name == word).map(|(_, step)| *step);
    let all = scalars::texts(tree)?.iter().map(step).collect::<Option<_>>();
    all.ok_or_else(|| "must be a list of: forget, import, invoke".to_owned())
}

fn data_policy(tree: &Tree) -> Result<DataPolicy, String> {
    match tree.text() {
        Some("ask") => Ok(DataPolicy::Ask),
        Some("allow") => Ok(DataPolicy::Allow),
        _ => Err("must be one of: ask, allow".to_owned()),
    }
}

pub(super) fn rollback(tree: Tree, problems: &Problems) -> RollbackSettings {
    let default = RollbackSettings::default();
    let mut fields = Fields::open(tree, problems);
    let rollback = RollbackSettings {
        needs_approval_for: fields.read("needs_approval_for", losses).unwrap_or(default.needs_approval_for),
        on_first_failure: fields.read("on_first_failure", first_failure).unwrap_or(default.on_first_failure),
    };
    fields.close();
    rollback
}

fn losses(tree: &Tree) -> Result<BTreeSet<DestructiveAction>, String> {
    let words = scalars::texts(tree)?;
    words
        .iter()
        .map(|word| match word.as_str() {
            "delete" => Ok(DestructiveAction::Delete),
            "replace" => Ok(DestructiveAction::Replace),
            _ => Err("must be a list of: delete, replace".to_owned()),
        })
        .collect()
}

fn first_failure(tree: &Tree) -> Result<FirstFailure, String> {
    match tree.text() {
        Some("keep") => Ok(FirstFailure::Keep),
        Some("destroy") => Ok(FirstFailure::Destroy),
        _ => Err("must be one of: keep, destroy".to_owned()),
    }
}

pub(super) fn drift(tree: Tree, problems: &Problems) -> DriftRules {
    let default = DriftRules::default();
    let mut fields = Fields::open(tree, problems);
    let rules = DriftRules {
        ignore: fields.read("ignore", patterns).unwrap_or_default(),
        equal_empty: fields.read("equal_empty", scalars::flag).unwrap_or(default.equal_empty),
        alert_after: fields.read("alert_after", checks).unwrap_or(default.alert_after),
        baseline: fields.read("baseline", scalars::flag).unwrap_or(default.baseline),
    };
    fields.close();
    rules
}

fn patterns(tree: &Tree) -> Result<Vec<DriftPattern>, String> {
    scalars::texts(tree)?.iter().map(|text| DriftPattern::new(text)).collect()
}

fn checks(tree: &Tree) -> Result<NonZeroU64, String> {
    scalars::count(tree).ok().and_then(NonZeroU64::new).ok_or_else(|| "must be a positive integer".to_owned())
}
