//! Variables as JSON, which carries quotes, `${}`, newlines and huge numbers unharmed.

use std::collections::BTreeMap;

use serde_json::Value;

/// The text of a `.tfvars.json` file.
pub fn tfvars(values: &BTreeMap<&str, &Value>) -> String {
    // A map of text keys to JSON values always serialises.
    let mut text = serde_json::to_string_pretty(values).unwrap_or_default();
    text.push('\n');
    text
}
