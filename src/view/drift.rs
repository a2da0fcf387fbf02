//! Draws drift, attribute by attribute: what was changed outside of Terraform.

use std::borrow::Cow;

use serde_json::Value;

use super::attribute;
use super::quote::{self, line};
use crate::command_line::{Command, command};

pub fn drift(report: &Value) -> String {
    let components: Vec<_> = report["components"].as_object().into_iter().flatten().collect();
    let mut text = String::new();
    let mut changes: Vec<_> = components
        .iter()
        .flat_map(|(name, one)| list(&one["drift"]["changes"]).map(move |change| (name, change)))
        .collect();
    // Within a component, the loudest change is the first.
    changes.sort_by_key(|(_, change)| change["opens_to_everybody"] != true);
    for (name, change) in changes {
        let address = quote::object(change);
        text.push_str(&format!("  {name}   {address}  {}\n", what(change)));
        if change["actions"] != serde_json::json!(["delete"]) {
            text.push_str(&attributes(change));
        }
    }
    for (name, one) in &components {
        for found in list(&one["drift"]["first_look"]) {
            let open = if found["opens_to_everybody"] == true { "OPEN TO EVERYBODY; " } else { "" };
            let address = line(&found["address"]);
            text.push_str(&format!("  {name}   {address}  ({open}first look: accepted as it is)\n"));
            text.push_str(&attributes(found));
        }
    }
    for (name, one, id) in drifted(report) {
        text.push_str(&next_steps(report, name, one, id));
    }
    let pending = pending(report);
    if !text.is_empty() && !pending.is_empty() {
        text.push('\n');
    }
    text.push_str(&pending);
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The commands that the text names and the report does not list.
pub fn commands(report: &Value) -> Vec<String> {
    let of_drift = drifted(report).flat_map(|(name, _, id)| {
        ["remediate", "accept_drift"].map(|function| about(report, function, name, id))
    });
    let of_pending = ["plan", "orchestrate"].map(|function| of_all_pending(report, function));
    of_drift.chain(of_pending).map(|command| command.to_string()).collect()
}

fn drifted(report: &Value) -> impl Iterator<Item = (&str, &Value, &str)> {
    let components = report["components"].as_object().into_iter().flatten();
    let drifted = components.filter(|(_, one)| one["status"] == "drifted");
    drifted.filter_map(|(name, one)| Some((name.as_str(), one, one["drift"]["drift_id"].as_str()?)))
}

fn about(report: &Value, function: &'static str, name: &str, id: &str) -> Command {
    command(function).of(line(&report["environment"])).with("component", name).with("drift_id", id)
}

fn of_all_pending(report: &Value, function: &'static str) -> Command {
    let names: Vec<_> = list(&report["pending"]).map(line).collect();
    command(function).of(line(&report["environment"])).with("components", names.join(","))
}

/// The report, in which a component with only pending changes is not called planned: a check saves no plan.
pub fn as_drawn(report: &Value) -> Cow<'_, Value> {
    let is_pending = |one: &Value| one["reason"] == "pending" && !one["drift"].is_null();
    let components = report["components"].as_object();
    if !components.into_iter().flatten().any(|(_, one)| is_pending(one)) {
        return Cow::Borrowed(report);
    }
    let mut drawn = report.clone();
    for (_, one) in drawn["components"].as_object_mut().into_iter().flatten() {
        if is_pending(one) {
            one["status"] = "pending".into();
        }
    }
    Cow::Owned(drawn)
}

/// The commands for changes that are not drift. A report of an earlier version does not list them.
fn pending(report: &Value) -> String {
    let names: Vec<_> = list(&report["pending"]).map(line).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        "  not drift, but not applied yet: {}\n  to see what is pending: {}\n  to apply it: {}\n",
        names.join(", "),
        of_all_pending(report, "plan"),
        of_all_pending(report, "orchestrate"),
    )
}

fn next_steps(report: &Value, name: &str, one: &Value, id: &str) -> String {
    let is_undone =
        |change: &Value| change["class"] == "drifted" && change["planned"] != serde_json::json!([]);
    let undone = list(&one["drift"]["changes"]).any(is_undone);
    let undo = format!("\n  to correct this drift: {}\n", about(report, "remediate", name, id));
    let accept = format!("  to accept it into the state: {}\n", about(report, "accept_drift", name, id));
    if undone { undo + &accept } else { format!("\n{accept}") }
}

fn attributes(change: &Value) -> String {
    list(&change["attributes"]).map(|attribute| attribute::draw(attribute, "", "      ")).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// `deleted outside; a plan would create it`.
fn what(change: &Value) -> String {
    let words = |key: &str| -> Vec<&str> { list(&change[key]).filter_map(Value::as_str).collect() };
    let open = if change["opens_to_everybody"] == true { "OPEN TO EVERYBODY; " } else { "" };
    let outside = match words("actions").as_slice() {
        [] => "not changed outside",
        ["delete"] => "deleted outside",
        _ => "changed outside",
    };
    let planned = match words("planned").as_slice() {
        [] => "no plan undoes it".to_owned(),
        [_, _] => "a plan would replace it".to_owned(),
        [one] => format!("a plan would {one} it"),
        more => format!("a plan would {}", more.join(", ")),
    };
    let partly = change["undone_by_a_plan"] == false && !words("planned").is_empty();
    let rest = if partly { ", and not undo all of this" } else { "" };
    let cause = match change["cause"].as_str() {
        Some("provider_upgraded") => "; its provider was upgraded",
        Some("another_apply") => "; another apply, or a person, has changed the state",
        Some("configuration_changed") => "; the values that it reads have changed",
        _ => "",
    };
    format!("({open}{outside}; {planned}{rest}{cause})")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn pending_changes_are_not_called_planned_and_have_the_commands_that_show_and_apply_them() {
        let drift = json!({ "changes": [], "drift_detected": false });
        let components = json!({
            "app": { "status": "planned", "reason": "pending", "drift": drift },
            "net": { "status": "unchanged", "reason": "", "drift": drift },
        });
        let report = json!({
            "operation": "drift", "environment": "staging", "components": components, "pending": ["app", "net"],
        });
        let text = crate::view::text(&report, false);
        assert!(text.starts_with("staging: 1 pending, 1 unchanged "), "{text}");
        assert!(text.contains("\n  app  pending\n") && !text.contains("planned"), "{text}");
        assert!(
            text.ends_with(
                "\n  not drift, but not applied yet: app, net\n  to see what is pending: salt-run infrastructure.plan \
                 staging components=app,net\n  to apply it: salt-run infrastructure.orchestrate staging \
                 components=app,net\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn drift_is_drawn_with_the_command_that_ends_it() {
        let attributes = json!([{ "path": "body", "before": "one", "after": "by hand" }]);
        let changed = json!({ "address": "t.a", "class": "drifted", "actions": ["update"], "planned": ["update"], "attributes": attributes });
        let deleted = json!({ "address": "t.b", "class": "drifted", "actions": ["delete"], "planned": ["create"], "attributes": attributes });
        let drift = json!({ "drift_id": "0f", "changes": [changed, deleted] });
        let report = json!({ "environment": "staging", "components": { "web": { "status": "drifted", "drift": drift } } });
        assert_eq!(
            super::drift(&report),
            "\n  web   t.a  (changed outside; a plan would update it)\n      body: \"one\" → \"by hand\"\n  \
             web   t.b  (deleted outside; a plan would create it)\n\n  to correct this drift: salt-run \
             infrastructure.remediate staging web drift_id=0f\n  to accept it into the state: salt-run \
             infrastructure.accept_drift staging web drift_id=0f\n"
        );
    }
}
