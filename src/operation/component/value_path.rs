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

/// The path as it was probably meant, if its step `at` is missing: a key of the mapping contains dots, and the path
/// names its parts one by one.
pub(super) fn with_dotted_key(value: &Value, path: &[String], at: usize) -> Option<Vec<String>> {
    let map = value.as_object()?;
    let ends = (at + 2..=path.len()).rev();
    ends.map(|end| (end, path[at..end].join("."))).find(|(_, key)| map.contains_key(key)).map(|(end, key)| {
        path[..at].iter().cloned().chain([key]).chain(path[end..].iter().cloned()).collect()
    })
}

/// The part of its own component's output that a gate or a hook reads. The error names the output, never its value.
pub(super) fn own<T>(
    own: &OwnOutput,
    output: &Value,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<T, String> {
    let mut value = output;
    for (at, step) in own.path.iter().enumerate() {
        value = below(value, step).ok_or_else(|| {
            let meant = with_dotted_key(value, &own.path, at).map(|path| OwnOutput { path, ..own.clone() });
            let hint = meant.map_or_else(String::new, |meant| format!("; write {meant}"));
            format!("output {own}: there is no {step:?}{hint}")
        })?;
    }
    match value {
        Value::Null => Err(format!("output {own} is null")),
        value => read(value).map_err(|reason| format!("output {own} {reason}")),
    }
}
