//! A person approves plans that policy stopped. The approval records exactly the changes that were shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::json;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::journal::{Began, Entry, Journal, Kind};
use crate::lock::Holder;
use crate::model::{Name, Overrides, Problem};
use crate::operation::blueprint::prepare;
use crate::operation::blueprint::prepared::{Destruction, Past};
use crate::operation::query::find_run;
use crate::operation::request::answer::Opening;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run::{as_applied, journal as run_journal};
use crate::operation::session::{Memory, Session, driver};
use crate::operation::store::approvals::Approval;
use crate::operation::store::plan_contents::Contents;
use crate::operation::store::run_log::{self, Outcome};
use crate::operation::store::saved_plans::{SavedPlan, SavedPlans};
use crate::operation::store::{audit, shared_records};
use crate::report::{ComponentReport, Report, Status};
use crate::words::Words;
use crate::workdir::Layout;

struct Asked {
    plan_id: String,
    environment: Name,
    components: Option<BTreeSet<Name>>,
    problems: Vec<Problem>,
}

pub fn approve(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let plan_id = arguments.run_id("plan_id");
    let environment = match find_run::environment_of_plan(&mut arguments, &call.request, &plan_id) {
        Ok(environment) => environment,
        Err(error) => return Opening::new("approve", "", false, &call.request.identity).failed(error),
    };
    let components = arguments.names("components");
    arguments.value("minion");
    let opening = Opening::new("approve", environment.as_str(), false, &call.request.identity);
    let asked = Asked { plan_id, environment, components, problems: arguments.finish() };
    run_log::reported(call, opening, Opening::answer, |opening, begun| attempt(call, asked, opening, begun))
}

fn attempt(
    call: &Call<'_>,
    asked: Asked,
    opening: &mut Opening,
    begun: &mut Option<PathBuf>,
) -> Result<Outcome> {
    let destruction = Destruction { run_id: &opening.run_id, named: asked.components.as_ref() };
    let past = Past { gone: None, broken: Some(destruction) };
    let prepared = prepare(call, &asked.environment, &Overrides::default(), asked.problems, past)?;
    let blueprint = &prepared.blueprint;
    let layout = Layout::of(blueprint)?;
    let plans = SavedPlans::new(&layout, &asked.plan_id);
    let contents = plans.contents()?;
    if !contents.destroy {
        prepared.refuse_broken(&layout.run(&opening.run_id))?;
    }
    let (there, _) = contents.split(blueprint, None)?;
    let selected = select(&contents, &there, asked.components, &asked.plan_id)?;
    shared_records::fetch(&blueprint.settings, &blueprint.environment)?;
    opening.run_id = run_log::next_id(&blueprint.settings, &layout, &blueprint.environment)?;
    let by = Holder {
        run_id: opening.run_id.clone(),
        jid: opening.identity.jid.clone(),
        minion: opening.identity.minion.clone(),
        user: opening.identity.user.clone(),
        operation: opening.operation.clone(),
        environment: opening.environment.clone(),
        ..Holder::here()
    };
    let began = Began::new(by.clone(), &by.user, Kind::Look, selected.clone());
    let began = Began { plan_id: Some(asked.plan_id.clone()), ..began };
    let journal = run_journal::begin(&layout, opening, began, begun)?;
    let writer = journal.clone();
    let memory = Memory { journal: Some(journal), done: BTreeMap::new() };
    let names = selected.clone();
    let (layout, shown) = (layout.clone(), plans.clone());
    driver::in_session(call, opening, prepared, memory, &BTreeSet::new(), async move |session: &Session| {
        // All or none: a person approves the changes that were shown together.
        for name in &names {
            as_applied::check(session, shown.of(name)).await.map_err(|error| error.of(name))?;
        }
        Ok(())
    })?;
    let mut reports = BTreeMap::new();
    let mut approvals = Vec::new();
    for name in selected {
        let (report, approval) = record(&layout, plans.of(&name), &writer, &by)?;
        approvals.push(json!({ "component": name, "approval": approval }));
        reports.insert(name, report);
    }
    let extra = [("plan_id", json!(asked.plan_id)), ("approvals", json!(approvals))];
    Ok((reports, extra.map(|(key, value)| (key.to_owned(), value)).into()))
}

/// The named components, or all that policy stopped.
fn select(
    contents: &Contents,
    there: &BTreeSet<Name>,
    named: Option<BTreeSet<Name>>,
    plan_id: &str,
) -> Result<BTreeSet<Name>> {
    let blocked = |name: &Name| {
        contents.statuses.get(name.as_str()).is_some_and(|status| status == Status::Blocked.word())
    };
    let waiting: BTreeSet<Name> = there.iter().filter(|name| blocked(name)).cloned().collect();
    let list = |names: &BTreeSet<Name>| names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
    let refuse = |message: String, remedy: String| {
        Err(Error::new(Layer::Salt, Phase::Validation, Code::NothingToApprove, message, remedy))
    };
    if waiting.is_empty() {
        let remedy = format!("infrastructure.apply {plan_id} applies this plan");
        return refuse(format!("plan {plan_id} needs no approval: policy stopped nothing in it"), remedy);
    }
    let Some(named) = named else { return Ok(waiting) };
    let others: BTreeSet<Name> = named.difference(&waiting).cloned().collect();
    match others.is_empty() {
        true => Ok(named),
        false => refuse(
            format!("{} in plan {plan_id} needs no approval: policy did not stop it", list(&others)),
            format!("these components of it need approval: {}", list(&waiting)),
        ),
    }
}

/// Records one approval, first in the audit log, which is never removed. An existing approval stays.
fn record(
    layout: &Layout,
    plan: SavedPlan<'_>,
    journal: &Journal,
    by: &Holder,
) -> Result<(ComponentReport, Approval)> {
    let (kept, name) = (plan.read()?, plan.component);
    let approval = Approval::of(plan.plans, &kept, Holder { component: name.to_string(), ..by.clone() });
    let before = plan.approval()?;
    let (approval, note) = match before {
        Some(before) => (before.clone(), format!("it was already approved by {}", before.words())),
        None => {
            audit::note(layout, &json!({ "did": "approve", "approval": approval }))?;
            journal.note_durably(Entry::Approved {
                component: name.clone(),
                plan_id: approval.plan_id.clone(),
                change_set: approval.change_set.clone(),
            })?;
            plan.grant(&approval)?;
            let note = format!("approved by {}", approval.words());
            (approval, note)
        }
    };
    let report = crate::operation::component::reports::with(
        ComponentReport::new(Status::Planned, Code::Approved),
        kept.changes,
    );
    Ok((ComponentReport { notes: vec![Words::own(note)].into(), ..report }, approval))
}
