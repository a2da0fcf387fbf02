//! Converts a report to the return value of a Salt state.

use serde_json::{Map, Value, json};

use super::quote::{block, line, object};
use super::{failures, units, warnings};
use crate::printable::{one_line, printable};
use crate::report::{Counts, Status};

/// The part of one component, as the return value of the state `name`.
pub fn one(report: &Value, name: &str, component: &str) -> Value {
    match report["components"].get(component) {
        Some(part) if report["error"].is_null() || !part["error"].is_null() => {
            let all_well = report["result"] != json!(false);
            let mut returned = row(component, part, all_well);
            returned.insert("name".to_owned(), json!(name));
            returned["comment"] = with_hooks(text(&returned["comment"]), report).into();
            Value::Object(returned)
        }
        _ => whole(report, name),
    }
}

/// All components, with one row each. Salt shows each row as a state.
pub fn all(report: &Value, name: &str) -> Value {
    let function = if report["operation"] == json!("destroy") { "destroy" } else { "apply" };
    let mut returned = whole(report, name);
    let all_well = report["result"] != json!(false);
    let environment = text(&report["environment"]);
    let rows: Vec<Value> = parts(report)
        .map(|(component, part)| {
            let mut row = row(component, part, all_well);
            // Salt identifies rows by these values, and the state may have the same name as the component.
            row.insert(
                "low".to_owned(),
                json!({ "name": format!("{environment}/{component}"), "state": "eos_terraform", "__id__": name, "fun": function }),
            );
            Value::Object(row)
        })
        .collect();
    if !rows.is_empty() {
        returned["sub_state_run"] = Value::Array(rows);
    }
    returned
}

fn parts(report: &Value) -> impl Iterator<Item = (&String, &Value)> {
    report["components"].as_object().into_iter().flatten()
}

/// The return value of the state itself. Its changes name the components that changed.
fn whole(report: &Value, name: &str) -> Value {
    let changes: Map<String, Value> = parts(report)
        .filter(|(component, part)| !changes(component, part).is_empty())
        .map(|(component, part)| (component.clone(), part["status"].clone()))
        .collect();
    let comment = match reason(&report["error"]) {
        Some(error) => error,
        None if parts(report).next().is_none() => "no component is affected".to_owned(),
        None => {
            let lines = parts(report).map(|(component, part)| headline(component, part));
            lines.chain(warnings::folded(report)).collect::<Vec<_>>().join("\n")
        }
    };
    let comment = with_hooks(&comment, report);
    json!({ "name": name, "result": report["result"], "changes": changes, "comment": comment })
}

/// The comment, and the hooks of the run that failed.
fn with_hooks(comment: &str, report: &Value) -> String {
    let hooks = failures::hooks(report);
    let lines = hooks.lines().map(str::trim).filter(|line| !line.is_empty());
    std::iter::once(comment).chain(lines).collect::<Vec<_>>().join("\n")
}

fn row(component: &str, part: &Value, all_well: bool) -> Map<String, Value> {
    let result = match Status::from_word(text(&part["status"])) {
        // Whether a skipped component counts as failed depends on the result of the whole run.
        Status::Skipped => Some(all_well),
        status => status.result(),
    };
    let mut comment = vec![headline(component, part)];
    comment.extend(reason(&part["error"]));
    let notes = part["notes"].as_array().into_iter().flatten();
    comment.extend(notes.map(|note| block(note, "")));
    comment.extend(warnings::of_component(part));
    let mut row = Map::new();
    row.insert("name".to_owned(), json!(component));
    row.insert("result".to_owned(), json!(result));
    row.insert("changes".to_owned(), changes(component, part).into());
    row.insert("comment".to_owned(), json!(comment.join("\n")));
    if let Some(seconds) = part["duration"].as_f64() {
        row.insert("duration".to_owned(), json!(seconds * 1000.0));
    }
    row
}

/// Actual or planned changes: by resource address, and `outputs`. An address is never a single word.
pub fn changes(component: &str, part: &Value) -> Map<String, Value> {
    let mut changes = Map::new();
    match text(&part["status"]) {
        "applied" | "applied_with_warnings" | "destroyed" | "data_kept" | "planned" => {}
        "pending_inputs" => {
            changes.insert(component.to_owned(), json!(text(&part["reason"])));
            return changes;
        }
        _ => return changes,
    }
    for change in part["resource_changes"].as_array().into_iter().flatten() {
        changes.insert(object(change), resource(change));
    }
    for change in part["deferred_changes"].as_array().into_iter().flatten() {
        changes.insert(format!("{} (deferred)", object(change)), resource(change));
    }
    for action in part["action_invocations"].as_array().into_iter().flatten() {
        let by: Vec<_> = ["event", "resource"].into_iter().map(|key| line(&action[key])).collect();
        let told = json!({ "actions": "invoke", "by": by.join(" ").trim(), "deferred": action["deferred"] });
        changes.insert(line(&action["address"]), told);
    }
    // For a Salt step: minion to the states that changed something there.
    for (minion, one) in part["salt"]["minions"].as_object().into_iter().flatten() {
        let lines = one["changed"].as_array().into_iter().flatten();
        let changed: Vec<_> =
            lines.map(|one| format!("{} {}", text(&one["function"]), line(&one["name"]))).collect();
        if !changed.is_empty() {
            changes.insert(one_line(minion).into_owned(), json!(changed));
        }
    }
    if part["output_changes"].as_object().is_some_and(|outputs| !outputs.is_empty()) {
        changes.insert("outputs".to_owned(), shown(&part["output_changes"]));
    }
    changes
}

fn resource(change: &Value) -> Value {
    let actions: Vec<&str> = change["actions"].as_array().into_iter().flatten().map(text).collect();
    let mut told = Map::new();
    told.insert("actions".to_owned(), json!(actions.join(", ")));
    for (key, word) in
        [("previous_address", "moved from"), ("import_id", "imported by id"), ("deferred", "deferred")]
    {
        if change[key].is_string() {
            told.insert(word.to_owned(), line(&change[key]).into());
        }
    }
    for attribute in change["attributes"].as_array().into_iter().flatten() {
        told.insert(
            line(&attribute["path"]),
            json!({ "old": shown(&attribute["before"]), "new": shown(&attribute["after"]) }),
        );
    }
    Value::Object(told)
}

/// One sentence about a component: its error, or its status.
pub fn message(part: &Value) -> String {
    match part["error"]["message"].as_str() {
        Some(message) => printable(message).into_owned(),
        None => said(part),
    }
}

/// `networking: applied, +3 ~0 -1`.
fn headline(component: &str, part: &Value) -> String {
    format!("{component}: {}", said(part))
}

fn said(part: &Value) -> String {
    let counts: Counts = serde_json::from_value(part["changes"].clone()).unwrap_or_default();
    let mut line = text(&part["status"]).to_owned();
    if !counts.is_empty() {
        line.push_str(&format!(", {}", units::counts(&counts)));
    }
    let why = text(&part["reason"]);
    if !why.is_empty() {
        line.push_str(&format!(" ({why})"));
    }
    line
}

fn reason(error: &Value) -> Option<String> {
    error["message"].as_str()?;
    let (message, remedy) = (block(&error["message"], ""), block(&error["remedy"], ""));
    Some(if remedy.is_empty() { message } else { format!("{message}\nnext: {remedy}") })
}

/// The value in a form that Salt may print: Salt does not escape texts.
fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) => printable(text).into(),
        Value::Array(items) => items.iter().map(shown).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| (one_line(key).into_owned(), shown(inner)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(result: Value, components: Value) -> Value {
        json!({
            "operation": "orchestrate", "environment": "staging",
            "result": result, "error": null, "components": components,
        })
    }

    fn part(status: &str) -> Value {
        json!({
            "status": status,
            "reason": "",
            "changes": { "add": 1, "change": 0, "remove": 1, "import": 0 },
            "resource_changes": [{
                "address": "terraform_data.this",
                "actions": ["delete", "create"],
                "attributes": [{ "path": "input", "before": 1, "after": 2 }],
            }],
            "output_changes": { "id": "update" },
            "duration": 1.5,
            "error": null,
        })
    }

    #[test]
    fn a_planned_component_has_result_none_and_the_changes_of_the_plan() {
        let report = report(Value::Null, json!({ "dns": part("planned") }));
        assert_eq!(
            one(&report, "names", "dns"),
            json!({
                "name": "names",
                "result": null,
                "changes": {
                    "terraform_data.this": { "actions": "delete, create", "input": { "old": 1, "new": 2 } },
                    "outputs": { "id": "update" },
                },
                "comment": "dns: planned, +1 ~0 -1",
                "duration": 1500.0,
            })
        );
    }

    #[test]
    fn a_step_shows_which_states_changed_something_on_which_minion() {
        let mut step = part("applied");
        step["resource_changes"] = json!([]);
        step["output_changes"] = json!({});
        let line = json!({ "function": "file.managed", "name": "/etc/x" });
        step["salt"] = json!({ "minions": { "web1": { "changed": [line] }, "web2": {} } });
        let returned = one(&report(json!(true), json!({ "post": step })), "n", "post");
        assert_eq!(returned["changes"], json!({ "web1": ["file.managed /etc/x"] }));
    }

    #[test]
    fn a_failed_component_claims_no_changes_and_has_a_remedy() {
        let mut failed = part("failed");
        failed["reason"] = json!("apply");
        failed["error"] = json!({ "message": "no m5.large", "remedy": "choose another zone" });
        let returned = one(&report(json!(false), json!({ "dns": failed })), "n", "dns");
        assert_eq!(returned["result"], json!(false));
        assert_eq!(returned["changes"], json!({}));
        assert_eq!(
            returned["comment"],
            "dns: failed, +1 ~0 -1 (apply)\nno m5.large\nnext: choose another zone"
        );
    }

    #[test]
    fn a_component_that_was_rolled_back_or_keeps_a_failed_change_fails_its_state() {
        for status in ["rolled_back", "rollback_failed", "rollback_needs_approval", "kept", "unhealthy"] {
            let components = json!({ "dns": part(status) });
            let returned = report(json!(false), components);
            assert_eq!(one(&returned, "n", "dns")["result"], json!(false), "{status}");
            assert_eq!(all(&returned, "n")["sub_state_run"][0]["result"], json!(false), "{status}");
        }
    }

    #[test]
    fn a_report_without_components_returns_its_error() {
        let refused = json!({
            "result": false,
            "error": { "message": "no environment", "remedy": "" },
            "components": {},
        });
        let expected = json!({ "name": "n", "result": false, "changes": {}, "comment": "no environment" });
        assert_eq!(one(&refused, "n", "dns"), expected);
        assert_eq!(all(&refused, "n"), expected);
    }

    #[test]
    fn the_comment_of_a_state_names_the_hooks_of_the_run_that_failed() {
        let mut report = report(json!(true), json!({ "net": part("applied") }));
        report["failed_hooks"] = json!(["settings:run_hooks:0 (webhook) failed: it answered HTTP 500"]);
        let line = "\nhook of the run: settings:run_hooks:0 (webhook) failed: it answered HTTP 500";
        for returned in [one(&report, "n", "net"), all(&report, "n")] {
            assert!(returned["comment"].as_str().unwrap().ends_with(line), "{returned:#}");
            assert_eq!(returned["result"], true);
        }
    }

    #[test]
    fn a_whole_environment_has_a_row_for_each_component() {
        let components = json!({ "dns": part("applied"), "storage": part("unchanged") });
        let returned = all(&report(json!(true), components), "up");
        assert_eq!(returned["changes"], json!({ "dns": "applied" }));
        let rows = returned["sub_state_run"].as_array().unwrap();
        assert_eq!(
            rows[1]["low"],
            json!({ "name": "staging/storage", "state": "eos_terraform", "__id__": "up", "fun": "apply" })
        );
        assert_eq!(rows[1]["changes"], json!({}));
        assert_eq!(rows[0]["result"], json!(true));
    }

    #[test]
    fn a_skipped_component_fails_only_if_the_run_failed() {
        let components = json!({ "dns": part("skipped") });
        let result =
            |whole: bool| one(&report(json!(whole), components.clone()), "n", "dns")["result"].clone();
        assert_eq!(result(true), json!(true));
        assert_eq!(result(false), json!(false));
    }
}
