//! A person approves plans that policy stopped. The approval records exactly the changes that were shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::json;

use super::approval_choice::ApprovalChoice;
use crate::clock;
use crate::command_line::command;
use crate::error::{Code, Result};
use crate::host::UserGroups;
use crate::journal::{Journal, JournalEntry, Kind, RunStart};
use crate::lock::Holder;
use crate::model::{ApprovalRules, Identity, Name, Overrides, Problem};
use crate::operation::blueprint::prepared::{AppliedConfigurations, Destruction, Prepared};
use crate::operation::blueprint::{draft, given_for_plan, prepare};
use crate::operation::component::reports;
use crate::operation::query::find_run;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::{Arguments, shown_environment};
use crate::operation::request::call::{Call, CallPlace, Request};
use crate::operation::run::{as_applied, journal as run_journal};
use crate::operation::session::{JournalHandle, Session, driver};
use crate::operation::store::approvals::Approval;
use crate::operation::store::lock_service::caller;
use crate::operation::store::run_log::{self, RunOutcome};
use crate::operation::store::saved_plans::{SavedPlan, SavedPlans};
use crate::operation::store::{audit, shared_records};
use crate::report::{ComponentReport, Report, Status};
use crate::words::{Words, words};
use crate::workdir::Layout;

struct ApprovalRequest {
    plan_id: String,
    environment: Name,
    components: Option<BTreeSet<Name>>,
    problems: Vec<Problem>,
}

pub fn approve(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let plan_id =
        arguments.run_id("plan_id", || words![command("plan").here(), " saves a plan and shows its plan_id"]);
    let environment = match find_run::environment_of_plan(&mut arguments, &call.request, &plan_id) {
        Ok(environment) => environment,
        Err(error) => return ReportBuilder::new("approve", "", false, &call.request.identity).failed(error),
    };
    let components =
        arguments.named_among("components", || blocked_in(&call.request, &environment, &plan_id));
    arguments.value("minion");
    let problems = arguments.finish();
    let shown = shown_environment(&environment, &problems);
    let builder = ReportBuilder::new("approve", shown, false, &call.request.identity);
    let request = ApprovalRequest { plan_id, environment, components, problems };
    run_log::reported(call, builder, ReportBuilder::answer, |builder, begun| {
        attempt(call, request, builder, begun)
    })
}

fn attempt(
    call: &Call<'_>,
    request: ApprovalRequest,
    builder: &mut ReportBuilder,
    begun: &mut Option<PathBuf>,
) -> Result<RunOutcome> {
    let destruction = Destruction { run_id: &builder.run_id, named: request.components.as_ref() };
    let past = AppliedConfigurations { gone: None, broken: Some(destruction) };
    let given = Overrides::default();
    let given = given_for_plan(&call.request, &request.environment, &request.plan_id, &given)?;
    let prepared = prepare(call, &request.environment, &given, request.problems, past)?;
    let blueprint = &prepared.blueprint;
    let layout = Layout::of(blueprint)?;
    let plans = SavedPlans::new(&layout, &request.plan_id);
    let contents = plans.contents()?;
    if !contents.destroy {
        prepared.refuse_broken(&layout.run(&builder.run_id))?;
    }
    let rules = blueprint.settings.approvals.clone();
    let (known, groups) = allowed(call, &plans, rules.as_ref(), &layout)?;
    let saved = contents.planned(blueprint, None)?;
    let (plan_id, environment) = (&request.plan_id, &blueprint.environment);
    let choice = ApprovalChoice {
        plans: &plans,
        contents: &contents,
        saved: &saved,
        plan_id,
        environment,
        place: &builder.identity.place,
    };
    let selected = choice.select(request.components)?;
    shared_records::fetch(&blueprint.settings, &blueprint.environment)?;
    builder.run_id = run_log::next_id(&blueprint.settings, &layout, &blueprint.environment)?;
    // One plan that cannot be applied stops an apply of all of them. A minion applies each one alone.
    let together = match &builder.identity.place {
        CallPlace::Master { .. } => saved.clone(),
        CallPlace::Minion(_) | CallPlace::Masterless(_) => selected.clone(),
    };
    let moved = check(call, builder, prepared, &plans, together).inspect_err(|_| {
        // The check may have laid out an earlier module.
        layout.remove_run(&builder.run_id);
    })?;
    let by = Holder { identity: known, ..caller(builder) };
    let began = RunStart::new(by.clone(), &by.user, Kind::Look, selected.clone());
    let began = RunStart { plan_id: Some(request.plan_id.clone()), ..began };
    let writer = run_journal::begin(&layout, builder, began, begun)?;
    let by_name = plans.compared_by_name(rules.as_ref(), &by.identity);
    let mut reports = BTreeMap::new();
    let mut approvals = Vec::new();
    for name in selected {
        let (mut report, approval) =
            record(&layout, rules.as_ref(), plans.of(&name), &writer, &by, groups.clone())?;
        if let Some(moved) = moved.get(&name) {
            report.notes.push(reports::planned_again(moved));
        }
        approvals.push(json!({ "component": name, "approval": approval }));
        by_name.iter().for_each(|note| report.notes.push(note.clone()));
        reports.insert(name, report);
    }
    let extra = [("plan_id", json!(request.plan_id)), ("approvals", json!(approvals))];
    Ok((reports, extra.map(|(key, value)| (key.to_owned(), value)).into()))
}

/// Refuses a plan that cannot be applied any longer: the call is then no run. Returns what changed since each plan was
/// made.
fn check(
    call: &Call<'_>,
    builder: &ReportBuilder,
    prepared: Prepared,
    plans: &SavedPlans,
    names: BTreeSet<Name>,
) -> Result<BTreeMap<Name, Vec<String>>> {
    let plans = plans.clone();
    let nothing = (JournalHandle::default(), BTreeSet::new());
    driver::in_session(call, builder, prepared, nothing.0, &nothing.1, async move |session: &Session| {
        let mut moved = BTreeMap::new();
        for name in names {
            let checked =
                as_applied::check(session, plans.of(&name)).await.map_err(|error| error.of(&name))?;
            if !checked.moved.is_empty() {
                moved.insert(name, checked.moved);
            }
        }
        Ok(moved)
    })
}

/// Refuses a caller who may not approve these plans. Returns the caller, and the groups if one of them had to count.
fn allowed(
    call: &Call<'_>,
    plans: &SavedPlans,
    rules: Option<&ApprovalRules>,
    layout: &Layout,
) -> Result<(Identity, Option<UserGroups>)> {
    let by = Identity { accounts: call.host.accounts(), ..call.request.identity.known.clone() };
    let Some(mut void) = plans.void_approval(rules, &by, None) else { return Ok((by, None)) };
    // A directory that is down refuses nobody whom the rules name.
    if void.lacks_a_name() && rules.is_some_and(ApprovalRules::name_a_group) {
        match call.host.groups() {
            Ok(groups) => match plans.void_approval(rules, &by, Some(&groups)) {
                None => return Ok((by, Some(groups))),
                Some(with_groups) => void = with_groups,
            },
            Err(why) => void = void.without_groups(&why),
        }
    }
    let line = json!({
        "did": "approve_refused", "at": clock::now(), "plan_id": plans.plan_id(), "by": by,
        "jid": call.request.identity.jid, "reason": void.reason,
    });
    audit::note(layout, &line)?;
    Err(void.error(&call.request.identity.place, &plans.plan_id()))
}

/// The names that a pattern may mean: the components that policy stopped. None if the plan cannot be read, or if policy
/// stopped nothing in it: then [`attempt`] says so.
fn blocked_in(request: &Request, environment: &Name, plan_id: &str) -> Option<Vec<Name>> {
    let layout = find_run::layout(&draft(request, environment).ok()?).ok()?;
    let statuses = SavedPlans::new(&layout, plan_id).contents().ok()?.statuses;
    let blocked = statuses.into_iter().filter(|(_, status)| status == Status::Blocked.word());
    let blocked: Vec<_> = blocked.filter_map(|(name, _)| Name::new(&name).ok()).collect();
    (!blocked.is_empty()).then_some(blocked)
}

/// Records one approval, first in the audit log, which is never removed. An existing approval stays if it counts.
fn record(
    layout: &Layout,
    rules: Option<&ApprovalRules>,
    plan: SavedPlan<'_>,
    journal: &Journal,
    by: &Holder,
    groups: Option<UserGroups>,
) -> Result<(ComponentReport, Approval)> {
    let (stored, name) = (plan.read()?, plan.component);
    let approval =
        Approval::of(plan.plans, &stored, Holder { component: name.to_string(), ..by.clone() }, groups);
    let before = plan.approval()?;
    let void = before.as_ref().and_then(|before| plan.why_void(rules, before));
    let (approval, note) = match before {
        Some(before) if void.is_none() => {
            (before.clone(), format!("it was already approved by {}", before.words()))
        }
        before => {
            audit::note(layout, &json!({ "did": "approve", "approval": approval }))?;
            journal.note_durably(JournalEntry::Approved {
                component: name.clone(),
                plan_id: approval.plan_id.clone(),
                change_set: approval.change_set.clone(),
            })?;
            plan.grant(&approval, before.is_some())?;
            let note = format!("approved by {}", approval.words());
            (approval, void.map_or(note.clone(), |void| format!("{note}; {void}")))
        }
    };
    let report = reports::with(ComponentReport::new(Status::Planned, Code::Approved), stored.changes);
    Ok((ComponentReport { notes: vec![Words::own(note)].into(), ..report }, approval))
}
