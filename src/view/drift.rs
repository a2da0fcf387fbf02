//! Draws drift, attribute by attribute: what was changed outside of Terraform.

use serde_json::Value;

use super::attribute;
use super::quote::{self, line};

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
    for (name, one) in &components {
        if let (Some(id), "drifted") =
            (one["drift"]["drift_id"].as_str(), one["status"].as_str().unwrap_or(""))
        {
            text.push_str(&commands(&line(&report["environment"]), name, one, id));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn commands(environment: &str, name: &str, one: &Value, id: &str) -> String {
    let is_undone =
        |change: &Value| change["class"] == "drifted" && change["planned"] != serde_json::json!([]);
    let undone = list(&one["drift"]["changes"]).any(is_undone);
    let undo = format!(
        "\n  to correct this drift: salt-run infrastructure.remediate {environment} {name} drift_id={id}\n"
    );
    let accept = format!(
        "  to accept it into the state: salt-run infrastructure.accept_drift {environment} {name} drift_id={id}\n"
    );
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
        Some("another_apply") => "; another apply changed the state",
        Some("configuration_changed") => "; the values that it reads have changed",
        _ => "",
    };
    format!("({open}{outside}; {planned}{rest}{cause})")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
