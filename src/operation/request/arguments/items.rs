//! A list of names in a call: a list, or a text with commas.

use serde_json::{Map, Value};

use crate::model::NamePattern;

/// The arguments whose items are names of components, or patterns.
const PLURAL: [&str; 2] = ["components", "order"];

pub(super) fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => {
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Value::from).collect()
        }
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

/// Whether a call has a pattern. Then the names of its environment are needed.
pub(super) fn has_pattern(arguments: &Map<String, Value>) -> bool {
    let values = PLURAL.iter().filter_map(|key| arguments.get(*key));
    values.flat_map(items).any(|item| item.as_str().is_some_and(NamePattern::is_meant))
}
