//! How far each component of a run came, as its journal says. For a run without a report.

use serde_json::{Map, Value, json};

use crate::model::Name;
use crate::operation::query::run_summary::RunState;
use crate::operation::store::run_log::LoggedRun;

/// Component to its status, when its turn began, how long it took, and the snapshot before its apply.
pub fn progress(run: &LoggedRun, state: RunState) -> Value {
    let began = &run.history.began;
    let names = began.components.iter().chain(run.history.statuses.keys());
    let each = names.map(|name| (name.to_string(), one(run, state, name)));
    Value::Object(each.collect::<Map<_, _>>())
}

fn one(run: &LoggedRun, state: RunState, name: &Name) -> Value {
    let history = &run.history;
    let step = |word: &str| {
        let steps = history.steps.iter().rev();
        steps.into_iter().find(|step| step["step"] == word && step["component"] == name.as_str())
    };
    let at = |word: &str| step(word).map_or(Value::Null, |step| step["at"].clone());
    let time = |value: &Value| humantime::parse_rfc3339(value.as_str()?).ok();
    let duration = || {
        let seconds = time(&at("ended"))?.duration_since(time(&at("started"))?).ok()?;
        Some(seconds.as_secs_f64())
    };
    let is_over = state != RunState::Running;
    let status = match history.statuses.get(name) {
        Some(status) => status.as_str(),
        None if history.applying.contains(name) && is_over => "interrupted_while_applying",
        None if history.applying.contains(name) => "applying",
        None if step("started").is_some() && is_over => "interrupted",
        None if step("started").is_some() => "in_progress",
        None if is_over => "not_started",
        None => "waiting",
    };
    json!({
        "status": status,
        "reason": step("ended").map_or(Value::Null, |step| step["reason"].clone()),
        "began": at("started"),
        "applying": at("applying"),
        "ended": at("ended"),
        "duration": duration(),
        "snapshot_id": step("applying").map_or(Value::Null, |step| step["snapshot_id"].clone()),
    })
}
