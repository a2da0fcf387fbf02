//! The items of a list in JSON.

use serde_json::Value;

/// None of them if it is no list.
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
