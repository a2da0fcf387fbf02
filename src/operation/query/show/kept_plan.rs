//! A kept plan: what it would change, who approved it, and whether it can still be applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::verdicts::{Verdict, verdicts};
use crate::error::{Code, Error};
use crate::model::{Branch, Draft, Name};
use crate::operation::component::reports;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::{Call, CallPlace};
use crate::operation::store::plan_contents::PlanContents;
use crate::operation::store::saved_plans::{SavedPlan, SavedPlans};
use crate::operation::store::unplanned::Unplanned;
use crate::report::{ComponentReport, Counts, Status};

/// `contents`: those of `plans`.
pub fn facts(
    call: &Call<'_>,
    builder: &ReportBuilder,
    draft: &Draft,
    (plans, contents): (&SavedPlans, &PlanContents),
) -> Value {
    let saved: BTreeSet<Name> = names(contents)
        .filter(|(_, status)| matches!(status, Status::Planned | Status::Blocked))
        .map(|(name, _)| name)
        .collect();
    let of_branch = contents.branch.is_some();
    let mut verdicts = match of_branch {
        true => BTreeMap::new(),
        false => verdicts(call, builder, draft, (plans, contents), &saved),
    };
    let mut components = BTreeMap::new();
    let (mut total, mut is_applicable, mut made) = (Counts::default(), !saved.is_empty(), String::new());
    for (name, status) in names(contents) {
        let verdict = verdicts.remove(&name);
        let can = matches!(verdict, None | Some(Verdict::Applicable | Verdict::PlannedAgain(_)));
        is_applicable &= !of_branch && can;
        let one = one(plans.of(&name), status, verdict, draft, &mut made);
        total += serde_json::from_value(one["changes"].clone()).unwrap_or_default();
        components.insert(name, one);
    }
    let place = &builder.identity.place;
    for (name, without) in &contents.unplanned {
        components.insert(name.clone(), unplanned(without, name, &draft.environment, place));
    }
    // One plan that cannot be applied stops all of them.
    let is_false = |one: &Value| one["applicable"] == false && one["saved"] == true;
    let is_refused = components.values().any(|one| is_false(one) && one["waits"] != true);
    let cannot = components.values().any(is_false);
    let unknown = components.values().any(|one| one["applicable"] == Value::Null && one["saved"] == true);
    let apply = place.apply_command(&plans.plan_id(), saved.iter(), draft.environment.as_str());
    let pending = contents.unplanned.iter().filter(|(_, one)| one.status() == Status::PendingInputs);
    let mut pending = pending.map(|(name, _)| name).peekable();
    let next = pending.peek().is_some().then(|| place.bring_up_command(&draft.environment, pending));
    let waits = components.values().any(|one| one["waits"] == true);
    // An approval of what cannot be applied would lead nowhere.
    let approve = (waits && !is_refused).then(|| place.approve_command(&plans.plan_id(), ""));
    let was_applied = components
        .values()
        .filter(|one| one["saved"] == true)
        .all(|one| one["applied"]["ended_well"] == true);
    json!({
        "plan_id": plans.plan_id(),
        "made": contents.made_by.as_ref().map_or(made.as_str(), |by| by.since.as_str()),
        "made_by": contents.made_by,
        "branch": contents.branch,
        "of_branch": contents.branch.as_ref().map(Branch::to_string),
        "destroy": contents.destroy,
        "counts": total,
        "applied": was_applied && !saved.is_empty(),
        "applicable": if unknown && !cannot { Value::Null } else { is_applicable.into() },
        "components": components,
        "apply_command": (!saved.is_empty() && !of_branch).then_some(apply),
        "approve_command": approve.filter(|_| !of_branch),
        "next_command": next.filter(|_| !of_branch),
    })
}

/// What is known of a plan whose contents cannot be read.
pub fn unread(plans: &SavedPlans, error: &Error) -> Value {
    json!({ "plan_id": plans.plan_id(), "applicable": null, "components": {}, "error": error })
}

fn names(contents: &PlanContents) -> impl Iterator<Item = (Name, Status)> {
    contents
        .statuses
        .iter()
        .filter_map(|(name, status)| Some((Name::new(name).ok()?, Status::from_word(status))))
}

/// A component without a plan, in the form of a report, with the reason.
fn unplanned(unplanned: &Unplanned, name: &Name, environment: &Name, place: &CallPlace) -> Value {
    let mut shown = json!(ComponentReport::new(unplanned.status(), Code::from_text(&unplanned.reason)));
    shown["applicable"] = false.into();
    let sentence = unplanned.sentence(name, environment, place);
    shown["commands"] = sentence.commands().collect();
    shown["why"] = json!(sentence);
    shown
}

/// A component of the plan, in the form of a report, with its approval.
fn one(
    plan: SavedPlan<'_>,
    status: Status,
    verdict: Option<Verdict>,
    draft: &Draft,
    made: &mut String,
) -> Value {
    let is_saved = matches!(status, Status::Planned | Status::Blocked);
    let report = ComponentReport::new(status, None);
    if !is_saved {
        return json!(report);
    }
    let read =
        plan.read().and_then(|stored| Ok((stored, plan.approval()?, plan.used_approval()?, plan.applied()?)));
    let (stored, approval, used, applied) = match read {
        Ok(read) => read,
        Err(error) => {
            let mut shown = json!(ComponentReport { error: Some(error), ..report });
            shown["saved"] = true.into();
            shown["applicable"] = false.into();
            return shown;
        }
    };
    if made.is_empty() {
        stored.made().clone_into(made);
    }
    let rules = draft.settings.approvals.as_ref();
    let limit = draft.components.get(plan.component).map(|component| component.policy.max_plan_age);
    let is_old = limit.is_some_and(|limit| stored.age() > limit);
    let mut shown = json!(reports::with(report, stored.changes));
    shown["saved"] = true.into();
    // An approval that was used counted then.
    let unused = approval.as_ref().filter(|_| used.is_none());
    let void = unused.and_then(|approval| plan.why_void(rules, approval));
    let is_open = used.is_none() && approval.as_ref().is_none_or(|_| void.is_some());
    shown["approved"] = json!(approval.filter(|_| void.is_none()).map(|approval| approval.words()));
    shown["used_by"] = json!(used.map(|used| used.run_id));
    shown["applied"] = applied.map_or(
        Value::Null,
        |applied| json!({ "by": applied.by, "status": applied.status, "ended_well": applied.ended_well() }),
    );
    shown["too_old"] = is_old.into();
    let waits = match verdict {
        Some(Verdict::NeedsApproval(_)) => true,
        Some(Verdict::Unknown(_)) => status == Status::Blocked && is_open,
        _ => false,
    };
    shown["waits"] = waits.into();
    let again = |moved: Vec<String>| (!moved.is_empty()).then(|| reports::planned_again(&moved));
    let (applicable, why) = match verdict {
        Some(Verdict::Applicable) => (json!(true), None),
        Some(Verdict::PlannedAgain(moved)) => (json!(true), again(moved)),
        Some(Verdict::NeedsApproval(moved)) => {
            let waits = "it waits for approval".to_owned();
            let waits = void.map_or(waits.clone(), |void| format!("{waits}: {void}"));
            let said = [Some(waits), again(moved)].into_iter().flatten().collect::<Vec<_>>();
            (json!(false), Some(said.join("; ")))
        }
        Some(Verdict::Refused(error)) if error.code == Code::PlanMoved => {
            (json!(false), Some(format!("{}; next: {}", error.message, error.remedy)))
        }
        Some(Verdict::Refused(error)) => (json!(false), Some(error.message.to_string())),
        Some(Verdict::Unknown(error)) => (Value::Null, Some(error.message.to_string())),
        None => (json!(false), None),
    };
    shown["applicable"] = applicable;
    shown["why"] = json!(why);
    shown
}
