//! What stands below a value: at a key of a mapping, or at an index of a list.

use serde_json::Value;

use crate::model::OwnOutput;

/// What stands at a key or an index.
pub(super) fn below<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    }
}

/// What a gate or a hook reads of an output of its own component. The error names the output, never its value.
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
