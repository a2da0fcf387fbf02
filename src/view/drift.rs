//! Draws drift, attribute by attribute: what was changed outside of Terraform.

use serde_json::Value;

use super::attribute;
use super::quote::line;

pub fn drift(report: &Value) -> String {
    let mut text = String::new();
    for (name, one) in report["components"].as_object().into_iter().flatten() {
        for change in one["drift"]["changes"].as_array().into_iter().flatten() {
            let address = line(&change["address"]);
            text.push_str(&format!("  {name}   {address}  {}\n", what(change)));
            let shown = change["actions"] != serde_json::json!(["delete"]);
            for attribute in change["attributes"].as_array().into_iter().flatten().filter(|_| shown) {
                text.push_str(&attribute::draw(attribute, "", "      "));
            }
        }
    }
    for (name, one) in report["components"].as_object().into_iter().flatten() {
        if let (Some(id), "drifted") =
            (one["drift"]["drift_id"].as_str(), one["status"].as_str().unwrap_or(""))
        {
            let environment = line(&report["environment"]);
            text.push_str(&format!(
                "\n  to correct this drift: salt-run infrastructure.remediate {environment} {name} \
                 drift_id={id}\n"
            ));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// `deleted outside; a plan would create it`.
fn what(change: &Value) -> String {
    let words = |key: &str| -> Vec<&str> {
        change[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let outside = match words("actions").as_slice() {
        [] => "not changed outside",
        ["delete"] => "deleted outside",
        _ => "changed outside",
    };
    let planned = match words("planned").as_slice() {
        [] => "a plan would change nothing".to_owned(),
        [_, _] => "a plan would replace it".to_owned(),
        [one] => format!("a plan would {one} it"),
        more => format!("a plan would {}", more.join(", ")),
    };
    format!("({outside}; {planned})")
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
             infrastructure.remediate staging web drift_id=0f\n"
        );
    }
}
