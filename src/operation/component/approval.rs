//! Whether a saved plan may be applied now, and how it is saved until a person approves it.

use std::path::Path;

use serde_json::json;

use super::inputs::{SecretPublishing, collect_inputs, missing_variables};
use super::reports;
use crate::change::Changes;
use crate::command_line::command;
use crate::decide::{
    Consent, PolicyViolation, SavedPlanAction, SavedPlanStatus, State, judge, saved_plan_action, taken_data,
};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{ApprovalRules, Component, Name};
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, saved_plan_file, state};
use crate::operation::intent::{Intent, Mode};
use crate::operation::session::Session;
use crate::operation::store::approvals::ApprovalUse;
use crate::operation::store::plan_basis::PlanBasis;
use crate::operation::store::saved_plan::{PolicyStop, StoredPlan};
use crate::operation::store::saved_plans::SavedPlan;
use crate::record::Record;
use crate::report::{ComponentReport, ResourceChange};
use crate::words::{Words, words};
use crate::workdir::remove;

/// The decision about a saved plan.
pub(super) enum SavedPlanDecision {
    Apply(StoredPlan, ApprovalUse),
    /// Plan again: if the changes are the same, they may be applied.
    Again(StoredPlan, ApprovalUse),
    Blocked(StoredPlan, PolicyViolation),
}

/// What a check of a saved plan has found.
#[derive(Default)]
pub struct CheckedPlan {
    /// It waits for an approval.
    pub waits: bool,
    /// In words: what changed since it was made. An apply plans it again, and applies only the same changes.
    pub moved: Vec<String>,
}

/// Compares a saved plan with the current state of the component.
pub(super) fn ready(
    component: &Component,
    plan: SavedPlan<'_>,
    now: &PlanBasis,
    (before, record): (Option<&State>, Option<&Record>),
    rules: Option<&ApprovalRules>,
) -> Result<SavedPlanDecision> {
    let stored = plan.read()?;
    let approval = plan.approval()?.filter(|approval| approval.covers(&stored));
    let void = approval.as_ref().and_then(|approval| plan.why_void(rules, approval));
    let consent = if stored.destroy { Consent::Confirmed } else { Consent::None };
    let data = taken_data(&component.data, stored.changes.destroyed());
    let now_blocked = || judge(&component.policy, &stored.changes, consent, &data).err();
    let blocked = stored.stopped.clone().map(PolicyStop::blocked).or_else(now_blocked);
    let (overtaken, moved) = (stored.is_superseded(before, record)?, stored.moved(now, component));
    let approved = if approval.is_some() && void.is_none() { ApprovalUse::Yes } else { ApprovalUse::No };
    let verdict = saved_plan_action(SavedPlanStatus {
        spent: plan.refuse_used().is_err(),
        superseded: !overtaken.is_empty(),
        blocked: blocked.is_some(),
        approved: approved == ApprovalUse::Yes,
        basis_changed: !moved.is_empty(),
        expired: stored.age() > component.policy.max_plan_age,
    });
    match (verdict, blocked) {
        (SavedPlanAction::Spent, _) => {
            plan.refuse_used().map(|()| SavedPlanDecision::Apply(stored, approved))
        }
        (SavedPlanAction::Refuse, _) => Err(plan.moved(&[overtaken, moved].concat())),
        (SavedPlanAction::NeedsApproval, Some(violation)) => {
            Ok(SavedPlanDecision::Blocked(stored, and_void(violation, void)))
        }
        (SavedPlanAction::PlanAgain, _) => Ok(SavedPlanDecision::Again(stored, approved)),
        (SavedPlanAction::Apply | SavedPlanAction::NeedsApproval, _) => {
            Ok(SavedPlanDecision::Apply(stored, approved))
        }
    }
}

/// The same check before anything runs, without a lock.
pub async fn check(session: &Session, plan: SavedPlan<'_>) -> Result<CheckedPlan> {
    checked(session, plan).await.map_err(|error| with_command(session, plan, error))
}

/// A plan that can never be applied is made again: the error names the command.
pub(super) fn with_command(session: &Session, plan: SavedPlan<'_>, error: Error) -> Error {
    if !error.code.refuses_a_plan() {
        return error;
    }
    let again = plan.plans.again_command(&session.blueprint, &session.call.identity.place);
    let policy = if error.code == Code::PlanSpent { "; if policy stops it, get it approved" } else { "" };
    Error { remedy: words!["make a new plan: ", again, policy], ..error }
}

async fn checked(session: &Session, plan: SavedPlan<'_>) -> Result<CheckedPlan> {
    // If it cannot be applied anyway, its inputs are not compared.
    plan.refuse_used()?;
    let name = plan.component;
    let node = &session.blueprint.nodes[name];
    let (paths, module) = (session.call.layout.component(name)?, &session.modules[name]);
    let reader = session.call.reading();
    let context = Context::new(session, &node.component, &paths, None, reader.clone())?;
    let invoker = Invoker::new(context, &module.subdir).await?;
    let destroys = plan.read()?.destroy;
    let publishing = SecretPublishing::unless(destroys);
    let record = session.records().latest(name, &paths).await?;
    let node = &*missing_variables::supply(session, node, record.as_ref(), destroys).await?;
    let now = collect_inputs(session, node, &reader, publishing).await?.plan_basis(&session.call, module)?;
    let before = state::read(&invoker).await?;
    let rules = session.blueprint.settings.approvals.as_ref();
    let (waits, stored) = match ready(&node.component, plan, &now, (before.as_ref(), record.as_ref()), rules)?
    {
        SavedPlanDecision::Blocked(stored, _) => (true, stored),
        SavedPlanDecision::Apply(stored, _) | SavedPlanDecision::Again(stored, _) => (false, stored),
    };
    Ok(CheckedPlan { waits, moved: stored.moved(&now, &node.component) })
}

/// Refuses a new plan whose changes differ from the changes that were shown.
pub(super) fn compare(stored: &StoredPlan, again: &Changes, name: &Name) -> Result<()> {
    if again.digest == stored.changes.digest {
        return Ok(());
    }
    let differs = |one: &[ResourceChange], other: &[ResourceChange]| {
        let not_there = one.iter().filter(|change| !other.contains(change));
        not_there.map(|change| change.address.clone()).collect::<Vec<_>>()
    };
    let mut addresses = differs(&stored.changes.resources, &again.resources);
    addresses.extend(differs(&again.resources, &stored.changes.resources));
    addresses.sort();
    addresses.dedup();
    let what = match addresses.is_empty() {
        true => "in its outputs, or in a value that is not shown".to_owned(),
        false => format!("at {}", addresses.join(", ")),
    };
    let message = format!("a new plan has other changes than the approved one, {what}");
    let error = Error::new(Layer::Salt, Phase::Planning, Code::PlanMoved, message, "");
    Err(error.of(name).with(json!({ "addresses": addresses })))
}

/// The report of a saved plan that policy stopped: a person can approve exactly this plan.
pub(super) async fn stop(
    invoker: &Invoker<'_>,
    intent: &Intent,
    (file, basis, before): (&Path, &PlanBasis, Option<&State>),
    changes: Changes,
    violation: PolicyViolation,
) -> Result<ComponentReport> {
    let name = &invoker.context.component.name;
    let plans = invoker.context.session.call.saved_plans();
    let changes = match intent.mode {
        Mode::SavePlans => changes,
        Mode::Apply if intent.drift_id().is_none() => {
            // Nobody has seen the changes yet, and a person can only approve what was shown.
            let changes =
                reports::redacted(&invoker.context.redactor, saved_plan_file::show(invoker, file).await?);
            let kept = plans.of(name).file()?;
            std::fs::rename(file, &kept).map_err(|error| Error::file(&kept, "write", error))?;
            changes
        }
        Mode::Preview | Mode::PlanOutputs | Mode::Apply => {
            let _ = std::fs::remove_file(file);
            let environment = &invoker.context.session.blueprint.environment;
            let plan = command("plan").of(environment).with("components", name);
            let approve = words!["get a plan approved: ", plan, " saves one"];
            let violation = once_or_for_good(approve, violation);
            return Ok(reports::blocked(changes, violation, name));
        }
    };
    let stopped = PolicyStop::of(&violation, &invoker.context.redactor);
    let session = invoker.context.session;
    keep(invoker, intent, (file, basis, before), &changes, Some(stopped))?;
    Ok(reports::blocked(changes, asking(session, violation, plans.of(name)), name))
}

/// Saves the facts of a new plan. Nobody needs the file of a branch's plan or the values of its call again, and both may
/// contain secrets.
pub(super) fn keep(
    invoker: &Invoker<'_>,
    intent: &Intent,
    (file, basis, before): (&Path, &PlanBasis, Option<&State>),
    changes: &Changes,
    stopped: Option<PolicyStop>,
) -> Result<()> {
    let (session, name) = (invoker.context.session, &invoker.context.component.name);
    let plans = session.call.saved_plans();
    if !intent.is_of_branch() {
        let interface = &session.blueprint.nodes[name].interface;
        plans.of(name).store_given(&session.call.layout, &session.given, interface)?;
    }
    plans.of(name).store(basis, before, changes, intent.destroys(), stopped)?;
    if intent.is_of_branch() { remove(file) } else { Ok(()) }
}

/// Adds the commands to continue with.
pub(super) fn asking(session: &Session, violation: PolicyViolation, plan: SavedPlan<'_>) -> PolicyViolation {
    let (place, plan_id, name) = (&session.call.identity.place, plan.plan_id(), plan.component);
    let environment = session.blueprint.environment.as_str();
    if session.call.identity.branch.is_some() {
        let merged = "merge the branch, plan the environment itself, and get that plan approved";
        return once_or_for_good(merged.into(), violation);
    }
    let approve = words![
        "approve exactly this plan: ",
        place.approve_command(&plan_id, name.as_str()),
        ", then ",
        place.apply_command(&plan_id, std::iter::once(name), environment)
    ];
    once_or_for_good(approve, violation)
}

/// Adds why the plan's approval does not count.
fn and_void(violation: PolicyViolation, void: Option<String>) -> PolicyViolation {
    let message = match void {
        Some(void) => words![violation.message, "; ", Words::own(void)],
        None => violation.message,
    };
    PolicyViolation { message, ..violation }
}

/// The approval comes first, and the change of the pillar last: it also allows later plans that nobody has seen.
fn once_or_for_good(approve: Words, violation: PolicyViolation) -> PolicyViolation {
    let remedy = words![approve, ". To allow it for good: ", violation.remedy];
    PolicyViolation { remedy, ..violation }
}
