//! The values that a plan marks as sensitive, from `show -json`.

use serde_json::Value;

/// The texts and numbers that variables, resources and outputs mark as sensitive. A sensitive jobspec is left out: it is
/// a template around such values.
pub fn sensitive_values(plan: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    let declared = plan["configuration"]["root_module"]["variables"].as_object().into_iter().flatten();
    for (name, _) in declared.filter(|(_, variable)| variable["sensitive"] == true) {
        leaves(&plan["variables"][name]["value"], &mut found);
    }
    for list in ["resource_changes", "resource_drift"] {
        plan[list].as_array().into_iter().flatten().for_each(|entry| of_change(&entry["change"], &mut found));
    }
    let outputs = plan["output_changes"].as_object().into_iter().flatten();
    outputs.for_each(|(_, change)| of_change(change, &mut found));
    let before = &plan["prior_state"]["values"];
    of_module(&before["root_module"], &mut found);
    let outputs = before["outputs"].as_object().into_iter().flatten();
    outputs.filter(|(_, output)| output["sensitive"] == true).for_each(|(_, output)| {
        leaves(&output["value"], &mut found);
    });
    found
}

/// The same of one `change` object.
pub(super) fn sensitive_of_change(change: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    of_change(change, &mut found);
    found
}

fn of_change(change: &Value, found: &mut Vec<Value>) {
    marked(&change["before"], &change["before_sensitive"], found);
    marked(&change["after"], &change["after_sensitive"], found);
}

fn of_module(module: &Value, found: &mut Vec<Value>) {
    let resources = module["resources"].as_array().into_iter().flatten();
    resources.for_each(|one| marked(&one["values"], &one["sensitive_values"], found));
    module["child_modules"].as_array().into_iter().flatten().for_each(|child| of_module(child, found));
}

/// The parts of a value that the marks of the same shape name.
fn marked(value: &Value, marks: &Value, found: &mut Vec<Value>) {
    match marks {
        Value::Bool(true) => leaves(value, found),
        Value::Object(marks) => {
            let marks = marks.iter().filter(|(key, _)| *key != "jobspec");
            marks.for_each(|(key, mark)| marked(&value[key], mark, found));
        }
        Value::Array(marks) => {
            marks.iter().enumerate().for_each(|(index, mark)| marked(&value[index], mark, found));
        }
        _ => {}
    }
}

fn leaves(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(map) => map.values().for_each(|value| leaves(value, found)),
        Value::Array(items) => items.iter().for_each(|value| leaves(value, found)),
        Value::String(text) if text.is_empty() => {}
        Value::String(_) | Value::Number(_) => found.push(value.clone()),
        Value::Bool(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_marked_value_is_found_and_no_other() {
        let plan = json!({
            "variables": { "password": { "value": "variable" }, "size": { "value": "open" } },
            "configuration": { "root_module": { "variables": { "password": { "sensitive": true }, "size": {} } } },
            "resource_changes": [{ "change": {
                "before": null, "before_sensitive": false,
                "after": { "jobspec": "whole", "hcl2": [{ "vars": { "a": "hcl" } }], "count": 7 },
                "after_sensitive": { "jobspec": true, "hcl2": [{ "vars": { "a": true } }], "count": true },
            }}],
            "output_changes": { "o": { "after": ["output"], "after_sensitive": [true] } },
            "prior_state": { "values": {
                "outputs": { "token": { "sensitive": true, "value": { "k": "prior" } }, "x": { "value": "open" } },
                "root_module": { "child_modules": [{ "resources": [{
                    "values": { "result": "generated", "length": 16 }, "sensitive_values": { "result": true },
                }] }] },
            }},
        });
        let found = sensitive_values(&plan);
        let expected = json!(["variable", "hcl", 7, "output", "generated", "prior"]);
        let has = |value: &Value| found.contains(value);
        assert!(expected.as_array().unwrap().iter().all(has) && found.len() == 6, "{found:?}");
    }
}
