//! Finds the attributes that differ between before and after. Sensitive and unknown values are masked.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::report::AttributeChange;

pub const SENSITIVE: &str = "(sensitive)";
pub const UNKNOWN: &str = "(known after apply)";

/// One differing attribute, unmasked. There is no Debug, because it may hold a secret.
pub struct Difference<'a> {
    pub path: String,
    pub before: &'a Value,
    pub after: &'a Value,
    pub unknown: bool,
    pub(super) sensitive: bool,
    pub(super) replaces: bool,
}

impl Difference<'_> {
    /// The difference in a form that may be shown.
    pub fn masked(self) -> AttributeChange {
        let mask = |value: &Value| match value {
            Value::Null => Value::Null,
            _ if self.sensitive => SENSITIVE.into(),
            other => other.clone(),
        };
        let after = if self.unknown { UNKNOWN.into() } else { mask(self.after) };
        AttributeChange { before: mask(self.before), after, path: self.path, replaces: self.replaces }
    }
}

/// The differing attributes of one `change` object, masked.
pub fn attributes(change: &Value) -> Vec<AttributeChange> {
    differences(change).into_iter().map(Difference::masked).collect()
}

/// The differing attributes of one `change` object, sorted by path. A container is searched for its differing parts,
/// unless it is sensitive or unknown.
pub fn differences(change: &Value) -> Vec<Difference<'_>> {
    let replacing = change["replace_paths"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|path| path.as_array().into_iter().flatten().fold(String::new(), |at, step| join(&at, step)))
        .collect();
    let mut differences = Vec::new();
    let side = Side {
        before: &change["before"],
        after: &change["after"],
        before_sensitive: &change["before_sensitive"],
        after_sensitive: &change["after_sensitive"],
        unknown: &change["after_unknown"],
    };
    walk(&side, String::new(), &replacing, &mut differences);
    differences
}

#[derive(Clone, Copy)]
struct Side<'a> {
    before: &'a Value,
    after: &'a Value,
    before_sensitive: &'a Value,
    after_sensitive: &'a Value,
    unknown: &'a Value,
}

impl<'a> Side<'a> {
    fn at(&self, key: &str) -> Self {
        let step = |value: &'a Value| match value {
            Value::Object(map) => map.get(key).unwrap_or(&Value::Null),
            Value::Array(items) => {
                key.parse::<usize>().ok().and_then(|index| items.get(index)).unwrap_or(&Value::Null)
            }
            // A mark on a container applies to all its parts.
            Value::Bool(true) => value,
            _ => &Value::Null,
        };
        Side {
            before: step(self.before),
            after: step(self.after),
            before_sensitive: step(self.before_sensitive),
            after_sensitive: step(self.after_sensitive),
            unknown: step(self.unknown),
        }
    }
}

fn walk<'a>(
    side: &Side<'a>,
    path: String,
    replacing: &BTreeSet<String>,
    differences: &mut Vec<Difference<'a>>,
) {
    let unknown = side.unknown == &Value::Bool(true);
    let sensitive = side.before_sensitive == &Value::Bool(true) || side.after_sensitive == &Value::Bool(true);
    if side.before == side.after && !holds_true(side.unknown) {
        return;
    }
    let keys = keys(side);
    if !unknown && !sensitive && !keys.is_empty() {
        for key in keys {
            walk(&side.at(&key), join(&path, &key_value(side, &key)), replacing, differences);
        }
        return;
    }
    let replaces = replacing.iter().any(|at| path.starts_with(at.as_str()));
    differences.push(Difference {
        path,
        before: side.before,
        after: side.after,
        unknown,
        sensitive,
        replaces,
    });
}

/// The keys of both sides, if each is a container or absent. Empty if one of them is a scalar.
fn keys(side: &Side<'_>) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for value in [side.before, side.after, side.unknown] {
        match value {
            Value::Object(map) => keys.extend(map.keys().cloned()),
            // The index is padded with zeros, so that indices sort as numbers.
            Value::Array(items) => keys.extend((0..items.len()).map(|index| format!("{index:010}"))),
            Value::Null | Value::Bool(_) if std::ptr::eq(value, side.unknown) => {}
            Value::Null => {}
            _ => return BTreeSet::new(),
        }
    }
    let mixed =
        side.before.is_object() && side.after.is_array() || side.before.is_array() && side.after.is_object();
    if mixed { BTreeSet::new() } else { keys }
}

fn key_value(side: &Side<'_>, key: &str) -> Value {
    let indexed = [side.before, side.after, side.unknown].iter().any(|value| value.is_array());
    match key.parse::<u64>() {
        Ok(index) if indexed => index.into(),
        _ => key.into(),
    }
}

pub(super) fn join(path: &str, step: &Value) -> String {
    match step {
        Value::Number(index) => format!("{path}[{index}]"),
        Value::String(key) if path.is_empty() => key.clone(),
        Value::String(key) => format!("{path}.{key}"),
        _ => path.to_owned(),
    }
}

pub(super) fn holds_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Array(items) => items.iter().any(holds_true),
        Value::Object(map) => map.values().any(holds_true),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(change: Value) -> Vec<(String, Value, Value)> {
        attributes(&change).into_iter().map(|one| (one.path, one.before, one.after)).collect()
    }

    #[test]
    fn only_the_attribute_that_differs_is_shown() {
        let change =
            json!({"before": {"input": {"a": 1, "b": [1, 2]}}, "after": {"input": {"a": 1, "b": [1, 3]}}});
        assert_eq!(shown(change), [("input.b[1]".to_owned(), json!(2), json!(3))]);
    }

    #[test]
    fn a_sensitive_attribute_is_masked_on_both_sides() {
        let change = json!({"before": {"key": "old"}, "after": {"key": "new"},
            "before_sensitive": {"key": true}, "after_sensitive": {"key": true}});
        assert_eq!(shown(change), [("key".to_owned(), json!(SENSITIVE), json!(SENSITIVE))]);
    }

    #[test]
    fn a_value_that_becomes_sensitive_is_masked_before_too() {
        let change = json!({"before": {"key": "old"}, "after": {"key": "new"},
            "before_sensitive": {}, "after_sensitive": {"key": true}});
        assert_eq!(shown(change), [("key".to_owned(), json!(SENSITIVE), json!(SENSITIVE))]);
    }

    #[test]
    fn an_unknown_attribute_is_shown_as_known_after_apply() {
        let change = json!({"before": null, "after": {"name": "x"}, "after_unknown": {"id": true}});
        assert_eq!(
            shown(change),
            [("id".to_owned(), Value::Null, json!(UNKNOWN)), ("name".to_owned(), Value::Null, json!("x"))]
        );
    }

    #[test]
    fn a_completely_sensitive_object_shows_none_of_its_parts() {
        let change =
            json!({"before": {"o": {"a": 1}}, "after": {"o": {"a": 2}}, "after_sensitive": {"o": true}});
        assert_eq!(shown(change), [("o".to_owned(), json!(SENSITIVE), json!(SENSITIVE))]);
    }
}
