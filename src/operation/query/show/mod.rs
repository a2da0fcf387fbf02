//! One run or one kept plan: who, when, what changed, and why it failed.
//!
//! A run has the id of the plans that it saved, so one id can mean both.

mod form;
mod kept_plan;
mod order;
mod steps;
mod verdicts;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::form::Form;
use super::find_run::{self, Found};
use super::run_summary::{self, RunState, summary};
use super::work_left;
use crate::command_line::command;
use crate::disk;
use crate::error::Result;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::store::run_log::{self, LoggedRun};
use crate::report::{Report, Status};
use crate::view;
use crate::words::{Words, words};

pub fn show(call: &Call<'_>) -> Report {
    let request = &call.request;
    let mut arguments = Arguments::new(request);
    let key = if arguments.gives("plan_id") { "plan_id" } else { "run_id" };
    let id = arguments.run_id(key, || words![command("history").here(), " shows the runs"]);
    let form = Form::of(&mut arguments, request);
    arguments.value("minion");
    arguments.branch();
    let found = find_run::run_or_plan(&mut arguments, request, &id);
    let environment = found.as_ref().map(|found| found.draft.environment.to_string()).unwrap_or_default();
    let builder = ReportBuilder::new(&request.operation, &environment, false, &request.identity);
    let shown = arguments.check().and(found).and_then(|found| {
        let facts = facts(call, &builder, &found)?;
        drawn(facts, &form, &found)
    });
    match shown {
        Ok(facts) => builder.answer(BTreeMap::new(), facts),
        Err(error) => builder.failed(error),
    }
}

/// The facts, and the drawing where the call wants one. A page stands alone: it would double the answer.
fn drawn(facts: Facts, form: &Form, found: &Found) -> Result<Facts> {
    let page = |facts| {
        let environment = json!(found.draft.environment);
        let more = [("order".to_owned(), order::order(found)), ("environment".to_owned(), environment)];
        view::page(&json!(with(facts, more)))
    };
    Ok(match form {
        Form::Text => facts,
        Form::Markdown => {
            let drawing = view::markdown(&json!(facts)).into();
            with(facts, [("drawing".to_owned(), drawing)])
        }
        Form::Html => Facts::from([("drawing".to_owned(), page(facts).into())]),
        Form::File(path) => {
            disk::write_given(path, page(facts).as_bytes())?;
            Facts::from([("html".to_owned(), path.to_string_lossy().into())])
        }
    })
}

type Facts = BTreeMap<String, Value>;

fn with<const N: usize>(mut facts: Facts, more: [(String, Value); N]) -> Facts {
    facts.extend(more);
    facts
}

/// The run of this report as markdown. None if it is not kept.
pub fn page(call: &Call<'_>, report: &Report) -> Option<String> {
    let identity = &call.request.identity;
    let builder = ReportBuilder::new("show", &report.environment, false, identity);
    let found = find_run::of_id(&call.request, &report.run_id).ok()?;
    let facts = facts(call, &builder, &found).ok()?;
    Some(view::markdown(&json!(facts)))
}

/// What is known. A run that has no report is shown by its journal, a plan whose run is gone by its files.
fn facts(call: &Call<'_>, builder: &ReportBuilder, found: &Found) -> Result<Facts> {
    let mut facts = BTreeMap::from([("run", Value::Null), ("steps", json!([])), ("report", Value::Null)]);
    if let Some(run) = &found.run {
        let (state, report) = (RunState::of(run), run_summary::report(run)?);
        let mut run_facts = summary(run, state, &report);
        run_facts["resumed_by"] = resumed_by(found, run).into();
        let next = next(found, run);
        run_facts["commands"] = next.iter().flat_map(Words::commands).collect();
        run_facts["next"] = json!(next);
        if report.is_null() {
            facts.insert("progress", steps::progress(run, state));
        }
        facts.extend([("run", run_facts), ("steps", run.history.steps.clone().into()), ("report", report)]);
    }
    if let Some(plans) = &found.plans {
        let plan = match plans.contents() {
            Ok(contents) => kept_plan::facts(call, builder, &found.draft, (plans, &contents)),
            Err(error) if found.run.is_none() => return Err(error),
            Err(error) => kept_plan::unread(plans, &error),
        };
        facts.insert("plan", plan);
    }
    Ok(facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What to do with the work that the run has left. None if it has none, still goes on, or only waits for a decision.
fn next(found: &Found, run: &LoggedRun) -> Option<Words> {
    if run.history.is_alive() || run.history.is_complete() {
        return None;
    }
    let layout = find_run::layout(&found.draft).ok()?;
    let (unfinished, _) = work_left::all(&found.draft, &layout);
    let (_, work) = unfinished.iter().find(|(other, _)| other.run_id == run.run_id)?;
    let of = |name| run.history.statuses.get(name).map_or(Status::Failed, |word| Status::from_word(word));
    if work.left.iter().all(|name| matches!(of(name), Status::Blocked | Status::Skipped)) {
        return None;
    }
    let way_on = work_left::way_on(&found.draft, &run.history);
    Some(way_on.words(&run.history.began.who.operation, &run.run_id))
}

/// The newest run that continued this one.
fn resumed_by(found: &Found, run: &LoggedRun) -> Option<String> {
    let layout = find_run::layout(&found.draft).ok()?;
    let later = run_log::all(&layout, &run.environment).take_while(|(id, _)| *id > run.run_id);
    let mut later = later.filter_map(|(_, later)| later.ok());
    later.find(|later| later.history.began.resumes.as_ref() == Some(&run.run_id)).map(|later| later.run_id)
}
