//! Evaluates the minions' answers to a Salt step: changes, failures, and missing answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::count::counted;
use crate::report::{MinionResult, StateLine, Status};

/// Maximum number of states that are reported of each kind for each minion, and maximum number of characters of a text.
const LINES: usize = 20;
const LETTERS: usize = 500;

/// The outcome on one minion.
#[derive(Clone, Debug, PartialEq)]
pub enum MinionAnswer {
    Returned {
        value: Value,
        retcode: i64,
    },
    /// The minion answered neither the job nor the question whether the job still runs.
    Silent,
    /// The job still ran on the minion at the end of the timeout.
    Late,
    /// An earlier batch failed.
    NotStarted,
}

/// What is known about a job: whether its function returns results of states, and whether it was a test.
#[derive(Clone, Copy, Debug)]
pub struct StepCall {
    pub states: bool,
    pub test: bool,
}

pub fn read(call: StepCall, answer: &MinionAnswer) -> MinionResult {
    match answer {
        MinionAnswer::Returned { value, retcode } if call.states => states(call, value, *retcode),
        MinionAnswer::Returned { value, retcode } => function(value, *retcode),
        MinionAnswer::Silent => wordless("did not answer"),
        MinionAnswer::Late => wordless("did not end in time"),
        MinionAnswer::NotStarted => MinionResult {
            status: Status::Skipped,
            said: Some("an earlier batch failed".into()),
            ..no_answer()
        },
    }
}

/// The worst status of all minions. Without any minion, the step has failed.
pub fn whole(minions: &BTreeMap<String, MinionResult>) -> Status {
    let any = |status| minions.values().any(|one| one.status == status);
    match () {
        () if minions.is_empty() || any(Status::Failed) => Status::Failed,
        () if any(Status::Planned) => Status::Planned,
        () if any(Status::Applied) => Status::Applied,
        () => Status::Unchanged,
    }
}

/// `1 of 3 minions failed: web1: file.managed "/etc/x": no such directory`.
pub fn sentence(minions: &BTreeMap<String, MinionResult>) -> String {
    let failed: Vec<_> = minions.iter().filter(|(_, one)| one.status == Status::Failed).collect();
    let why = |(minion, one): &(&String, &MinionResult)| {
        let line = one
            .failed
            .first()
            .map(|line| format!("{} {:?}: {}", line.function, line.name, line.comment).trim_end().to_owned());
        let said = one.said.as_ref().map(text);
        format!("{minion}: {}", line.or(said).unwrap_or_default())
    };
    let told = failed.iter().take(LINES).map(why).collect::<Vec<_>>().join("; ");
    let more = failed.len().saturating_sub(LINES);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    format!("{} of {} failed: {told}{more}", failed.len(), counted(minions.len(), "minion"))
}

fn no_answer() -> MinionResult {
    MinionResult {
        status: Status::Failed,
        changed: Vec::new(),
        failed: Vec::new(),
        unchanged: 0,
        left_out: 0,
        said: None,
    }
}

fn wordless(said: &str) -> MinionResult {
    MinionResult { said: Some(said.into()), ..no_answer() }
}

fn states(call: StepCall, value: &Value, retcode: i64) -> MinionResult {
    let rows = value.as_object().filter(|map| map.values().all(|row| row.get("result").is_some()));
    // A rendering error is a list of sentences. Other values are not results of states either.
    let Some(rows) = rows else {
        return MinionResult { said: Some(cut(&Value::from(text(value)))), ..no_answer() };
    };
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|(_, row)| row["__run_num__"].as_u64());
    let mut result = no_answer();
    for (tag, row) in rows {
        let changes = match &row["changes"] {
            Value::Object(changes) => !changes.is_empty(),
            Value::Null => false,
            _ => true,
        };
        match &row["result"] {
            Value::Bool(false) => result.failed.push(line(tag, row)),
            Value::Null => result.changed.push(line(tag, row)),
            _ if changes => result.changed.push(line(tag, row)),
            _ => result.unchanged += 1,
        }
    }
    result.status = match () {
        () if !result.failed.is_empty() => Status::Failed,
        // In a test, a nonzero exit code means that changes are pending.
        () if retcode != 0 && !call.test => Status::Failed,
        () if result.changed.is_empty() => Status::Unchanged,
        () if call.test => Status::Planned,
        () => Status::Applied,
    };
    if result.status == Status::Failed && result.failed.is_empty() {
        result.said = Some(format!("its exit code is {retcode}").into());
    }
    for lines in [&mut result.changed, &mut result.failed] {
        result.left_out += lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
    }
    result
}

/// Parses Salt's key of a state's result, such as `file_|-config_|-/etc/x_|-managed`.
fn line(tag: &str, row: &Value) -> StateLine {
    let module = tag.split("_|-").next().unwrap_or_default();
    let function = tag.rsplit("_|-").next().unwrap_or_default();
    let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let changes = match &row["changes"] {
        Value::Object(map) => map.keys().take(LINES).cloned().collect(),
        _ => Vec::new(),
    };
    StateLine {
        id: word("__id__"),
        name: shortened(&word("name")),
        function: format!("{module}.{function}"),
        comment: shortened(&text(&row["comment"])),
        changes,
    }
}

/// A function failed if its exit code is not 0. As in Salt, it also failed if it returned a mapping in which `result`
/// or `success` is false or null. A function that succeeded always counts as a change.
fn function(value: &Value, retcode: i64) -> MinionResult {
    let refused = |map: &Map<String, Value>| {
        ["result", "success"].iter().any(|key| map.get(*key).is_some_and(|one| one.is_null() || one == false))
    };
    let failed = retcode != 0 || value.as_object().is_some_and(refused);
    let status = if failed { Status::Failed } else { Status::Applied };
    MinionResult { status, said: Some(cut(value)).filter(|said| !said.is_null()), ..no_answer() }
}

/// The value if it is short, otherwise the beginning of its text.
fn cut(value: &Value) -> Value {
    let text = text(value);
    match text.chars().count() > LETTERS {
        true => shortened(&text).into(),
        false => value.clone(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(self::text).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    let mut letters = text.trim().chars();
    let short: String = letters.by_ref().take(LETTERS).collect();
    match letters.next() {
        Some(_) => format!("{short} …"),
        None => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RUN: StepCall = StepCall { states: true, test: false };
    const TEST: StepCall = StepCall { states: true, test: true };

    fn returned(value: Value, retcode: i64) -> MinionAnswer {
        MinionAnswer::Returned { value, retcode }
    }

    fn row(result: Value, changes: Value) -> Value {
        json!({ "result": result, "changes": changes, "comment": "why", "name": "/x", "__id__": "config", "__run_num__": 0 })
    }

    fn of(call: StepCall, result: Value, changes: Value) -> MinionResult {
        let tag = "file_|-config_|-/x_|-managed";
        read(call, &returned(json!({ tag: row(result, changes) }), 0))
    }

    #[test]
    fn a_salt_state_is_classified_by_its_result_and_changes() {
        let table = [
            (RUN, json!(true), json!({ "diff": "+1" }), Status::Applied),
            (RUN, json!(true), json!({}), Status::Unchanged),
            (RUN, json!(false), json!({}), Status::Failed),
            (TEST, json!(null), json!({}), Status::Planned),
            (TEST, json!(null), json!({ "diff": "+1" }), Status::Planned),
            (TEST, json!(true), json!({}), Status::Unchanged),
            (TEST, json!(false), json!({}), Status::Failed),
        ];
        for (call, result, changes, expected) in table {
            assert_eq!(of(call, result.clone(), changes.clone()).status, expected, "{result} {changes}");
        }
        let told = of(RUN, json!(true), json!({ "diff": "secret" }));
        assert_eq!(told.changed[0].function, "file.managed");
        assert_eq!(
            (told.changed[0].id.as_str(), told.changed[0].changes.as_slice()),
            ("config", &["diff".to_owned()][..])
        );
    }

    #[test]
    fn a_rendering_error_is_a_failure_with_its_message() {
        let result = read(RUN, &returned(json!(["Rendering SLS 'x' failed", "line 3"]), 1));
        assert_eq!(result.status, Status::Failed);
        assert_eq!(result.said, Some(json!("Rendering SLS 'x' failed; line 3")));
    }

    #[test]
    fn an_exit_code_alone_fails_a_run_and_not_a_test() {
        let value = json!({ "a_|-b_|-c_|-d": row(json!(true), json!({})) });
        assert_eq!(read(RUN, &returned(value.clone(), 2)).status, Status::Failed);
        assert_eq!(read(TEST, &returned(value, 2)).status, Status::Unchanged);
    }

    #[test]
    fn a_salt_function_fails_by_its_exit_code_or_by_a_false_result() {
        let call = StepCall { states: false, test: false };
        for (value, retcode, expected) in [
            (json!(true), 0, Status::Applied),
            (json!("'x.y' is not available."), 254, Status::Failed),
            (json!({ "result": false }), 0, Status::Failed),
            (json!({ "success": null }), 0, Status::Failed),
            (json!({ "result": true }), 0, Status::Applied),
        ] {
            assert_eq!(read(call, &returned(value.clone(), retcode)).status, expected, "{value}");
        }
    }

    #[test]
    fn one_silent_minion_fails_the_step_and_is_named() {
        let well = read(StepCall { states: false, test: false }, &returned(json!(true), 0));
        let minions: BTreeMap<_, _> =
            [("a".to_owned(), well.clone()), ("b".to_owned(), read(RUN, &MinionAnswer::Silent))].into();
        assert_eq!(whole(&minions), Status::Failed);
        assert_eq!(sentence(&minions), "1 of 2 minions failed: b: did not answer");
        assert_eq!(whole(&BTreeMap::new()), Status::Failed);
        assert_eq!(whole(&[("a".to_owned(), well)].into()), Status::Applied);
    }

    #[test]
    fn long_lists_are_shown_in_part() {
        let rows: Map<String, Value> =
            (0..30).map(|number| (format!("a_|-{number}_|-c_|-d"), row(json!(false), json!({})))).collect();
        let result = read(RUN, &returned(rows.into(), 2));
        assert_eq!((result.failed.len(), result.left_out), (20, 10));
        let long = read(StepCall { states: false, test: false }, &returned(json!("x".repeat(9000)), 0));
        assert_eq!(long.said.unwrap().as_str().unwrap().chars().count(), 502);
    }
}
