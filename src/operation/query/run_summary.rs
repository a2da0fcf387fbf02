//! One run in a few facts: who asked for what, when, and how it ended.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::error::Result;
use crate::operation::store::run_log::{self, LoggedRun};
use crate::report::Counts;
use crate::workdir::read_json;

/// The report of the run; null if it ended without one, or has not ended.
pub fn report(run: &LoggedRun) -> Result<Value> {
    let remedy = "move the file away; the steps of the run are then shown without it";
    Ok(read_json(&run.folder.join("report.json"), remedy)?.unwrap_or_default())
}

/// How the run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    Complete,
    Failed,
    Running,
    Died,
    /// Its journal is damaged.
    Unreadable,
}

impl RunState {
    pub const ALL: [Self; 5] = [Self::Complete, Self::Failed, Self::Running, Self::Died, Self::Unreadable];

    pub fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Died => "died",
            Self::Unreadable => "unreadable",
        }
    }

    pub fn of(run: &LoggedRun) -> Self {
        match &run.history.finished {
            Some((_, Some(false))) => Self::Failed,
            Some(_) => Self::Complete,
            None if run.history.is_alive() => Self::Running,
            None => Self::Died,
        }
    }
}

/// `report`: that of the run, or null. A damaged one changes nothing else.
pub fn summary(run: &LoggedRun, state: RunState, report: &Value) -> Value {
    let history = &run.history;
    let began = &history.began;
    let counts = (!report.is_null()).then(|| Counts::of_report(report));
    json!({
        "run_id": run.run_id,
        "environment": run.environment,
        "operation": began.who.operation,
        "began": began.who.since,
        "finished": history.finished.as_ref().map(|(at, _)| at),
        "duration": duration(run, state, report),
        "state": state.word(),
        "changes": began.changes_things(),
        "counts": counts,
        "test": report["test"],
        "user": began.user,
        "approver": (began.who.operation == "approve").then(|| began.who.who().to_string()),
        "jid": began.who.jid,
        "host": began.who.host,
        "resumes": began.resumes,
        "plan_id": began.plan_id,
        "of_branch": run_log::branch(&run.folder).map(|branch| branch.to_string()),
        "components": history.statuses,
        "error": error(report),
    })
}

/// Why the run came to nothing.
fn error(report: &Value) -> Value {
    match &report["error"] {
        Value::Object(error) => json!({ "code": error.get("code"), "message": error.get("message") }),
        _ => Value::Null,
    }
}

/// Seconds, so far if the run still goes on. None if nobody knows when it ended.
fn duration(run: &LoggedRun, state: RunState, report: &Value) -> Option<f64> {
    if let Some(seconds) = report["duration"].as_f64() {
        return Some(seconds);
    }
    let time = |text: &str| humantime::parse_rfc3339(text).ok();
    let end = match (&run.history.finished, state) {
        (Some((at, _)), _) => time(at)?,
        (None, RunState::Running) => SystemTime::now(),
        (None, _) => return None,
    };
    let took: Duration = end.duration_since(time(&run.history.began.who.since)?).ok()?;
    Some(took.as_secs_f64())
}
