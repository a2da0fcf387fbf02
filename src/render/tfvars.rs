//! Renders variables as JSON, which preserves quotes, `${}`, newlines and very large numbers.

use std::collections::BTreeMap;

use serde_json::Value;

/// The text of a `.tfvars.json` file.
pub fn tfvars(values: &BTreeMap<&str, &Value>) -> String {
    // A map of text keys to JSON values can always be serialized.
    let mut text = serde_json::to_string_pretty(values).unwrap_or_default();
    text.push('\n');
    text
}
