//! The history: the runs of an environment.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::history_filter::HistoryFilter;
use super::run_summary::{self, RunState, summary};
use crate::error::Result;
use crate::model::{self, Draft};
use crate::operation::blueprint::draft;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::store::run_log;
use crate::operation::store::run_log::LoggedRun;
use crate::report::Report;
use crate::workdir::Layout;

/// A run, or why its journal cannot be read.
type Logged = (String, Result<LoggedRun>);

pub fn history(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    arguments.value("minion");
    let builder = ReportBuilder::new("history", environment.as_str(), false, &call.request.identity);
    // Wrong arguments are reported even if the pillar cannot be read.
    let logged = draft(&call.request, &environment).and_then(|draft| Ok((all(&draft)?, draft)));
    let known = logged.as_ref().map(|(runs, draft)| HistoryFilter::components(draft, runs));
    let seen = logged.as_ref().map(|(runs, _)| HistoryFilter::operations(runs)).unwrap_or_default();
    let filter = HistoryFilter::read(&mut arguments, known.ok().as_ref(), &seen);
    let problems = arguments.finish();
    let listed = match problems.is_empty() {
        true => logged.map(|(runs, _)| list(&runs, &filter)),
        false => Err(model::refusal(problems)),
    };
    match listed {
        Ok(extra) => builder.answer(BTreeMap::new(), extra),
        Err(error) => builder.failed(error),
    }
}

fn all(draft: &Draft) -> Result<Vec<Logged>> {
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    Ok(run_log::all(&layout, &draft.environment).collect())
}

fn list(runs: &[Logged], filter: &HistoryFilter) -> BTreeMap<String, Value> {
    let shown = |(run_id, run): &Logged| match run {
        Ok(run) => {
            let report = run_summary::report(run).unwrap_or_default();
            summary(run, RunState::of(run), &report)
        }
        Err(error) => json!({ "run_id": run_id, "state": RunState::Unreadable.word(), "error": error }),
    };
    let found: Vec<_> =
        runs.iter().filter(|(_, run)| filter.takes(run)).take(filter.limit).map(shown).collect();
    BTreeMap::from([
        ("runs".to_owned(), found.into()),
        ("runs_kept".to_owned(), runs.len().into()),
        ("filtered".to_owned(), filter.is_set().into()),
    ])
}
