//! The runs of this host, found by their journals.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use ulid::Ulid;

use super::last_run;
use crate::error::Result;
use crate::host::Host;
use crate::journal::{Journal, JournalEntry, RunHistory};
use crate::model::{Branch, Name, Settings};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::report::{ComponentReport, Report};
use crate::workdir::{self, Layout, ids, read_json, write_json};

/// In the folder of a run of a branch.
const BRANCH: &str = "branch.json";

/// A run that has a journal.
pub struct LoggedRun {
    pub run_id: String,
    pub folder: PathBuf,
    pub environment: Name,
    pub history: RunHistory,
}

/// The id of a new run. It sorts after every run and plan on this host and, with locks in Consul, after the last run
/// of any other host. This is also true if a clock is wrong.
pub fn next_id(settings: &Settings, layout: &Layout, environment: &Name) -> Result<String> {
    let elsewhere = last_run::read(settings, environment)?.map(|last| last.began.who.run_id);
    let elsewhere = elsewhere.and_then(|id| Ulid::from_string(&id).ok());
    let here = [layout.runs(), layout.plans()].map(|folder| ids(&folder)).concat();
    Ok(workdir::next_id(here.into_iter().chain(elsewhere)).to_string())
}

/// Notes of which branch a run is.
pub fn note_branch(run: &Path, branch: &Branch) -> Result<()> {
    write_json(&run.join(BRANCH), branch)
}

/// The branch of a run. None for a run with the pillar in force.
pub fn branch(run: &Path) -> Option<Branch> {
    read_json(&run.join(BRANCH), "").ok().flatten()
}

/// All runs of this environment, newest first: their ids sort by time. A run whose journal cannot be read is listed
/// with its error.
pub fn all(layout: &Layout, environment: &Name) -> impl Iterator<Item = (String, Result<LoggedRun>)> {
    let entries = std::fs::read_dir(layout.runs()).into_iter().flatten().flatten();
    let mut ids: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    ids.sort_unstable();
    let run = |run_id: String| Some((run_id.clone(), one(layout, environment, &run_id).transpose()?));
    ids.into_iter().rev().filter_map(run)
}

/// None if no such run exists.
pub fn one(layout: &Layout, environment: &Name, run_id: &str) -> Result<Option<LoggedRun>> {
    let folder = layout.run(run_id);
    let story = Journal::of(&folder).history()?;
    Ok(story.map(|history| LoggedRun {
        run_id: run_id.to_owned(),
        folder,
        environment: environment.clone(),
        history,
    }))
}

/// Writes the end of a run: its report, for `show_run`, and the last line of its journal.
fn end(folder: &Path, report: &Report) -> Result<()> {
    write_json(&folder.join("report.json"), report)?;
    let components = report.components.iter();
    Journal::of(folder).note(JournalEntry::Finished {
        result: report.result,
        components: components.map(|(name, one)| (name.clone(), one.status.word().to_owned())).collect(),
        error: report.error.as_ref().map(ToString::to_string),
    })
}

/// Components, and keys that the operation adds to the report.
pub type RunOutcome = (BTreeMap<Name, ComponentReport>, BTreeMap<String, Value>);

/// Makes the report of a run, also if `attempt` fails, and writes it into the run's folder. `attempt` sets its second
/// argument to this folder as soon as the folder exists.
pub fn reported(
    call: &Call<'_>,
    mut builder: ReportBuilder,
    answer: fn(ReportBuilder, BTreeMap<Name, ComponentReport>, BTreeMap<String, Value>) -> Report,
    attempt: impl FnOnce(&mut ReportBuilder, &mut Option<PathBuf>) -> Result<RunOutcome>,
) -> Report {
    let mut begun = None;
    let report = match attempt(&mut builder, &mut begun) {
        Ok((components, extra)) => answer(builder, components, extra),
        Err(error) => builder.failed(error),
    };
    let report = Report { run_kept: begun.is_some(), ..report };
    close(call.host, begun.as_deref(), &report);
    report
}

/// Writes the report again, after it got more.
pub fn complete(host: &dyn Host, layout: &Layout, report: &Report) {
    if let Err(error) = write_json(&layout.report(&report.run_id), report) {
        host.log(tracing::Level::ERROR, &format!("run {}: {error}", report.run_id));
    }
}

/// The runs whose start was announced and that ended without a result, except those whose end was announced already,
/// in the order of their beginning.
pub fn died(layout: &Layout, environment: &Name) -> Vec<LoggedRun> {
    let is_open = |run_id: &Ulid| {
        let run_id = run_id.to_string();
        !layout.report(&run_id).exists() && !layout.died(&run_id).exists()
    };
    let mut open: Vec<_> = ids(&layout.runs()).into_iter().filter(is_open).collect();
    open.sort_unstable();
    // A damaged journal is shown by the history.
    let runs = open.iter().filter_map(|run_id| one(layout, environment, &run_id.to_string()).ok()?);
    let is_dead = |run: &LoggedRun| run.history.finished.is_none() && !run.history.is_alive();
    runs.filter(|run| run.history.began.announced && is_dead(run)).collect()
}

/// A run that never began has no folder. An error of this writing is only logged: the report is complete without it.
fn close(host: &dyn Host, folder: Option<&Path>, report: &Report) {
    if let Some(folder) = folder
        && let Err(error) = end(folder, report)
    {
        host.log(tracing::Level::ERROR, &format!("run {}: {error}", report.run_id));
    }
}

/// Whether a run is in progress, or changed resources and did not finish: then its files are needed for recovery.
pub fn is_needed(folder: &Path) -> bool {
    let story = Journal::of(folder).history().ok().flatten();
    story.is_some_and(|history| {
        history.is_alive() || (history.finished.is_none() && history.began.changes_things())
    })
}
