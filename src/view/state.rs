//! A report as the return of a Salt state: one row, or a row a component.

use serde_json::{Map, Value, json};

use super::{text, units};

/// `sub_state_run` makes Salt show a row for each component of a whole environment.
pub fn state(report: &Value, name: &str) -> Value {
    let components = report["components"].as_object().cloned().unwrap_or_default();
    let rows: Vec<Value> = components.iter().map(|(component, one)| row(report, component, one)).collect();
    let mut state = json!({
        "name": name,
        "result": report["result"],
        "changes": changes(&components),
        "comment": comment(report),
    });
    // One component is the state itself.
    if rows.len() > 1 {
        state["sub_state_run"] = rows.into();
    }
    state
}

fn row(report: &Value, component: &str, one: &Value) -> Value {
    let result = match one["status"].as_str() {
        Some("applied" | "unchanged" | "destroyed" | "absent" | "orphaned") => json!(true),
        Some("planned" | "pending_inputs") => Value::Null,
        _ => json!(false),
    };
    let operation = report["operation"].as_str().unwrap_or("orchestrate");
    json!({
        "name": component,
        "result": result,
        "changes": changed(one),
        "comment": said(component, one),
        "duration": one["duration"].as_f64().unwrap_or_default() * 1000.0,
        "low": { "name": component, "state": "eos_terraform", "__id__": component, "fun": operation },
    })
}

fn changes(components: &Map<String, Value>) -> Value {
    let changed = components.iter().map(|(name, one)| (name.clone(), changed(one)));
    changed.filter(|(_, changes)| changes.as_object().is_some_and(|map| !map.is_empty())).collect()
}

/// Resource to what happens to it; nothing where nothing changes, as `prereq` relies on.
fn changed(one: &Value) -> Value {
    let mut changes = Map::new();
    if !matches!(
        one["status"].as_str(),
        Some("applied" | "destroyed" | "planned" | "failed" | "blocked" | "pending_inputs")
    ) {
        return Value::Object(changes);
    }
    for change in one["resource_changes"].as_array().into_iter().flatten() {
        let actions: Vec<_> =
            change["actions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let address = change["address"].as_str().unwrap_or_default().to_owned();
        let attributes = change["attributes"].as_array().into_iter().flatten();
        let attributes: Map<String, Value> = attributes
            .filter_map(|one| {
                Some((one["path"].as_str()?.to_owned(), json!({ "old": one["before"], "new": one["after"] })))
            })
            .collect();
        let entry = match attributes.is_empty() {
            true => json!({ "action": actions.join(", ") }),
            false => json!({ "action": actions.join(", "), "attributes": attributes }),
        };
        changes.insert(address, entry);
    }
    for (output, action) in one["output_changes"].as_object().into_iter().flatten() {
        changes.insert(format!("output.{output}"), json!({ "action": action }));
    }
    Value::Object(changes)
}

fn comment(report: &Value) -> String {
    let drawn = text(report, false);
    match report["error"].is_null() {
        true => drawn,
        false => format!("{}\n{}", drawn.trim_end(), report["error"]["remedy"].as_str().unwrap_or_default()),
    }
}

fn said(component: &str, one: &Value) -> String {
    let status = units::word(one["status"].as_str().unwrap_or_default());
    let mut said = format!("{component}: {status}");
    for text in
        [&one["error"]["message"], &one["error"]["remedy"]].into_iter().filter_map(|text| text.as_str())
    {
        said.push_str(&format!("\n{text}"));
    }
    for note in one["notes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        said.push_str(&format!("\n{note}"));
    }
    said
}
