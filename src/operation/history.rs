//! What happened: the runs of an environment, and one of them step by step.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Call;
use super::arguments::Arguments;
use super::runs::{self, Run};
use super::summary::Opening;
use crate::error::Result;
use crate::journal::Wish;
use crate::model::{self, Name, Overrides};
use crate::report::Report;
use crate::workdir::{Layout, read_json};

/// So many runs, unless the call says otherwise.
const SHOWN: usize = 20;

pub fn history(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let limit = arguments.count("limit").unwrap_or(SHOWN);
    arguments.value("minion");
    let opening = Opening::new("history", environment.as_str(), false, &call.request.identity);
    let problems = arguments.finish();
    let runs = match problems.is_empty() {
        true => list(call, &environment, limit),
        false => Err(model::refusal(problems)),
    };
    match runs {
        Ok(runs) => opening.answer(BTreeMap::new(), BTreeMap::from([("runs".to_owned(), runs.into())])),
        Err(error) => opening.failed(error),
    }
}

pub fn show_run(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let run_id = arguments.run_id("run_id");
    arguments.value("minion");
    let opening = Opening::new("show_run", "", false, &call.request.identity);
    let problems = arguments.finish();
    let shown = match problems.is_empty() {
        true => runs::find(&call.request, &run_id).and_then(|run| show(&run)),
        false => Err(model::refusal(problems)),
    };
    match shown {
        Ok(extra) => opening.answer(BTreeMap::new(), extra),
        Err(error) => opening.failed(error),
    }
}

fn list(call: &Call<'_>, environment: &Name, limit: usize) -> Result<Vec<Value>> {
    let (draft, problems) =
        model::read(&call.request.infrastructure, environment.as_str(), &Overrides::default());
    let draft = draft.ok_or_else(|| model::refusal(problems))?;
    let layout = Layout::new(&draft.settings.root, environment);
    Ok(runs::all(&layout, environment)?.iter().take(limit).map(summary).collect())
}

fn summary(run: &Run) -> Value {
    let story = &run.story;
    let began = &story.began;
    json!({
        "run_id": run.run_id,
        "operation": began.who.operation,
        "began": began.who.since,
        "finished": story.finished.as_ref().map(|(at, _)| at),
        "state": state(run),
        "changes": began.wish != Wish::Look,
        "user": began.user,
        "jid": began.who.jid,
        "host": began.who.host,
        "resumes": began.resumes,
        "components": story.statuses,
    })
}

fn state(run: &Run) -> &'static str {
    match &run.story.finished {
        Some((_, Some(false))) => "failed",
        Some(_) => "complete",
        None if run.story.is_alive() => "running",
        None => "died",
    }
}

/// The report that it ended with, or how far it came.
fn show(run: &Run) -> Result<BTreeMap<String, Value>> {
    let report: Option<Value> = read_json(&run.folder.join("report.json"))?;
    Ok(BTreeMap::from([
        ("run".to_owned(), summary(run)),
        ("steps".to_owned(), run.story.steps.clone().into()),
        ("report".to_owned(), report.unwrap_or_default()),
    ]))
}
