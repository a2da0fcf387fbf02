//! Reads fields of a job of Nomad's API.

use serde_json::{Map, Value};

pub fn list<'a>(node: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    node[key].as_array().into_iter().flatten()
}

pub fn text<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node[key].as_str().filter(|text| !text.is_empty())
}

/// One of several is the thing itself, and none is nothing.
pub fn folded(mut many: Vec<Value>) -> Option<Value> {
    match many.len() {
        0 => None,
        1 => many.pop(),
        _ => Some(Value::Array(many)),
    }
}

/// Puts a value in if there is one.
pub fn put(map: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value);
    }
}
