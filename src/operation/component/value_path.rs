//! The value at a path below another value: a key of a mapping, or an index of a list.

use serde_json::Value;

use crate::model::OwnOutput;

/// The value at a key or an index.
pub(super) fn below<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    }
}

/// The part of its own component's output that a gate or a hook reads. The error names the output, never its value.
pub(super) fn own<T>(
    own: &OwnOutput,
    output: &Value,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<T, String> {
    let mut value = output;
    for step in &own.path {
        value = below(value, step).ok_or_else(|| format!("output {own}: there is no {step:?}"))?;
    }
    match value {
        Value::Null => Err(format!("output {own} is null")),
        value => read(value).map_err(|reason| format!("output {own} {reason}")),
    }
}
