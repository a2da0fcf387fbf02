//! The plans that a run keeps: their contents, and the commands that continue with them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::prepared_run::PreparedRun;
use crate::error::Result;
use crate::lock::Holder;
use crate::model::Name;
use crate::operation::request::answer::{ReportBuilder, result};
use crate::operation::store::plan_contents::PlanContents;
use crate::operation::store::saved_plans::SavedPlans;
use crate::operation::store::unplanned::Unplanned;
use crate::report::{After, ComponentReport, Status};

pub(super) struct KeptPlans {
    plans: SavedPlans,
    environment: Name,
    /// Whether the call asked for plans. Another run keeps only those that policy stopped.
    pub was_asked: bool,
    destroy: bool,
    /// Each component, and the components whose outputs it reads.
    reads: BTreeMap<Name, BTreeSet<Name>>,
}

impl KeptPlans {
    pub fn of(work: &PreparedRun<'_>, run_id: &str) -> Self {
        let was_asked = work.intent.saves_plans();
        Self {
            plans: match work.intent.is_of_branch() {
                true => SavedPlans::of_branch(&work.layout, run_id),
                false => SavedPlans::new(&work.layout, run_id),
            },
            environment: work.prepared.blueprint.environment.clone(),
            was_asked,
            destroy: work.intent.destroys(),
            reads: if was_asked { work.reads() } else { BTreeMap::new() },
        }
    }

    /// Writes what the saved plans contain. Returns keys for the report: their id, and the commands for them.
    ///
    /// If a plan was asked for and each one failed, there is nothing to apply or to approve.
    pub fn keep(
        &self,
        builder: &ReportBuilder,
        components: &BTreeMap<Name, ComponentReport>,
        made_by: impl FnOnce() -> Holder,
    ) -> Result<BTreeMap<String, Value>> {
        let is_shown = |one: &ComponentReport| matches!(one.status, Status::Planned | Status::Blocked);
        let all_failed = !components.values().any(is_shown) && result(components) == Some(false);
        let keeps = if self.was_asked { !all_failed } else { self.plans.is_there() };
        if !keeps {
            return Ok(BTreeMap::new());
        }
        self.plans.write_contents(&self.contents(builder, components, made_by()))?;
        Ok(self.keys(builder, components))
    }

    fn contents(
        &self,
        builder: &ReportBuilder,
        components: &BTreeMap<Name, ComponentReport>,
        made_by: Holder,
    ) -> PlanContents {
        let unplanned = match self.was_asked {
            true => self.unplanned(builder, components),
            false => BTreeMap::new(),
        };
        let is_in = |(name, one): &(&Name, &ComponentReport)| {
            !unplanned.contains_key(*name) && (one.status != Status::Blocked || is_kept(one))
        };
        let planned = components.iter().filter(is_in);
        let statuses = planned.map(|(name, one)| (name.to_string(), one.status.word().to_owned())).collect();
        let branch = builder.identity.branch.clone();
        PlanContents { statuses, unplanned, destroy: self.destroy, made_by: Some(made_by), branch }
    }

    /// The components that the plans could not contain, and why.
    fn unplanned(
        &self,
        builder: &ReportBuilder,
        components: &BTreeMap<Name, ComponentReport>,
    ) -> BTreeMap<Name, Unplanned> {
        let one = |(name, report): (&Name, &ComponentReport)| {
            let mut report = report.clone();
            builder.secrets.report(&mut report);
            // What this plan does not change has its outputs.
            let is_pending = |read: &&Name| {
                let read = components.get(*read);
                read.is_none_or(|read| is_kept(read) || read.status == Status::PendingInputs)
            };
            let reads = self.reads.get(name).into_iter().flatten().filter(is_pending);
            Some((name.clone(), Unplanned::of(&report, reads.cloned().collect(), self.destroy)?))
        };
        components.iter().filter_map(one).collect()
    }

    fn keys(
        &self,
        builder: &ReportBuilder,
        components: &BTreeMap<Name, ComponentReport>,
    ) -> BTreeMap<String, Value> {
        let (plan_id, place) = (builder.run_id.as_str(), &builder.identity.place);
        let saved: Vec<_> = components.iter().filter(|(_, one)| is_kept(one)).map(|(name, _)| name).collect();
        let mut keys = BTreeMap::from([("plan_id".to_owned(), plan_id.into())]);
        if builder.identity.branch.is_some() {
            return keys;
        }
        if !saved.is_empty() {
            let apply = place.apply_command(plan_id, saved.iter().copied(), &builder.environment);
            keys.insert("apply_command".to_owned(), json!(apply));
        }
        keys.extend(approve(builder, plan_id, components));
        keys.extend(next(builder, &self.environment, components));
        keys
    }
}

/// The key of the command that follows an apply of a saved plan, if something had no plan and nothing failed.
///
/// What was not planned because it comes after something blocked can go on once that is applied.
pub(super) fn after_apply(
    builder: &ReportBuilder,
    environment: &Name,
    applied: &BTreeMap<Name, ComponentReport>,
    left: &mut BTreeMap<Name, ComponentReport>,
) -> BTreeMap<String, Value> {
    let is_done = |after: &After| {
        let status = applied.get(&after.component).map(|one| one.status);
        // In a test, it would be applied.
        status.is_some_and(|status| status.ended_well() || status == Status::Planned)
    };
    for report in left.values_mut().filter(|report| report.status == Status::Skipped) {
        if let Some(after) = report.after.clone().filter(is_done) {
            *report = Unplanned::may_go_on(&after);
        }
    }
    match result(applied) {
        Some(true) => next(builder, environment, left).into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// The command that approves what waits in a plan. None if nothing does.
pub(super) fn approve(
    builder: &ReportBuilder,
    plan_id: &str,
    components: &BTreeMap<Name, ComponentReport>,
) -> Option<(String, Value)> {
    let waits = components.values().any(ComponentReport::waits_for_approval);
    let command = || builder.identity.place.approve_command(plan_id, "");
    waits.then(|| ("approve_command".to_owned(), json!(command())))
}

/// The command that brings up what reads pending outputs. None if nothing does.
fn next(
    builder: &ReportBuilder,
    environment: &Name,
    components: &BTreeMap<Name, ComponentReport>,
) -> Option<(String, Value)> {
    let waits = components.iter().filter(|(_, one)| one.status == Status::PendingInputs);
    let mut waits = waits.map(|(name, _)| name).peekable();
    waits.peek()?;
    let command = builder.identity.place.bring_up_command(environment, waits);
    Some(("next_command".to_owned(), json!(command)))
}

/// Whether a plan of it was saved.
fn is_kept(report: &ComponentReport) -> bool {
    report.status == Status::Planned || report.waits_for_approval()
}
