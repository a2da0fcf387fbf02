//! The history: the runs of an environment, and the steps of one run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::find_run;
use crate::error::Result;
use crate::model::Name;
use crate::operation::blueprint::draft;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::store::run_log;
use crate::operation::store::run_log::LoggedRun;
use crate::report::Report;
use crate::workdir::{Layout, read_json};

/// The number of runs to show, unless the call gives one.
const SHOWN: usize = 20;

pub fn history(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let limit = arguments.count("limit").unwrap_or(SHOWN);
    arguments.value("minion");
    let builder = ReportBuilder::new("history", environment.as_str(), false, &call.request.identity);
    match arguments.check().and_then(|()| list(call, &environment, limit)) {
        Ok(runs) => builder.answer(BTreeMap::new(), BTreeMap::from([("runs".to_owned(), runs.into())])),
        Err(error) => builder.failed(error),
    }
}

pub fn show_run(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let run_id = arguments.run_id("run_id", "infrastructure.history ENVIRONMENT shows the runs");
    arguments.value("minion");
    let run = find_run::named(&mut arguments, &call.request, &run_id);
    let builder = ReportBuilder::new("show_run", "", false, &call.request.identity);
    let shown = arguments.check().and(run).and_then(|run| show(&run));
    match shown {
        Ok(extra) => builder.answer(BTreeMap::new(), extra),
        Err(error) => builder.failed(error),
    }
}

fn list(call: &Call<'_>, environment: &Name, limit: usize) -> Result<Vec<Value>> {
    let draft = draft(&call.request, environment)?;
    let layout = Layout::new(&draft.settings.root, environment)?;
    let shown = |(run_id, run): (String, Result<LoggedRun>)| match run {
        Ok(run) => summary(&run),
        Err(error) => json!({ "run_id": run_id, "state": "unreadable", "error": error }),
    };
    Ok(run_log::all(&layout, environment).take(limit).map(shown).collect())
}

fn summary(run: &LoggedRun) -> Value {
    let history = &run.history;
    let began = &history.began;
    json!({
        "run_id": run.run_id,
        "operation": began.who.operation,
        "began": began.who.since,
        "finished": history.finished.as_ref().map(|(at, _)| at),
        "state": state(run),
        "changes": began.changes_things(),
        "user": began.user,
        "jid": began.who.jid,
        "host": began.who.host,
        "resumes": began.resumes,
        "components": history.statuses,
    })
}

fn state(run: &LoggedRun) -> &'static str {
    match &run.history.finished {
        Some((_, Some(false))) => "failed",
        Some(_) => "complete",
        None if run.history.is_alive() => "running",
        None => "died",
    }
}

/// The report at its end, or how far it came.
fn show(run: &LoggedRun) -> Result<BTreeMap<String, Value>> {
    let remedy = "move the file away; the steps of the run are then shown without it";
    let report: Option<Value> = read_json(&run.folder.join("report.json"), remedy)?;
    Ok(BTreeMap::from([
        ("run".to_owned(), summary(run)),
        ("steps".to_owned(), run.history.steps.clone().into()),
        ("report".to_owned(), report.unwrap_or_default()),
    ]))
}
