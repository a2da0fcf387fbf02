//! Converts JSON to Python values that every serializer of Salt accepts.

use pyo3::prelude::*;
use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

pub fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize::pythonize(py, &Plain(value))?)
}

/// Serializes as plain data. Without it, a number of `serde_json` would become a mapping.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => write(number, serializer),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
            Value::Object(map) => serializer.collect_map(map.iter().map(|(key, value)| (key, Plain(value)))),
            other => other.serialize(serializer),
        }
    }
}

/// Writes a number. msgpack has at most 64 bits, so a larger number is written as text with all its digits.
fn write<S: Serializer>(number: &Number, serializer: S) -> Result<S::Ok, S::Error> {
    if let Some(small) = number.as_i64() {
        return serializer.serialize_i64(small);
    }
    if let Some(large) = number.as_u64() {
        return serializer.serialize_u64(large);
    }
    let text = number.to_string();
    let fraction = text.contains(['.', 'e', 'E']);
    match number.as_f64().filter(|float| fraction && float.is_finite()) {
        Some(float) => serializer.serialize_f64(float),
        None => serializer.serialize_str(&text),
    }
}
