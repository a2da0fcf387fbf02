//! Whether a value is valid by a schema. It knows the words that `emit` writes, and no other.

use serde_json::{Map, Value};

/// `document`: the schema to which a `$ref` belongs.
pub fn is_valid(value: &Value, schema: &Value, document: &Value) -> bool {
    match schema {
        Value::Bool(all) => *all,
        Value::Object(rules) => rules.iter().all(|(word, rule)| holds(word, rule, rules, value, document)),
        other => panic!("{other} is no schema"),
    }
}

fn holds(word: &str, rule: &Value, rules: &Map<String, Value>, value: &Value, document: &Value) -> bool {
    let is_valid = |value: &Value, schema: &Value| is_valid(value, schema, document);
    let count = rule.as_u64().unwrap_or_default() as usize;
    let limit = rule.as_f64().unwrap_or_default();
    match word {
        "$schema" | "$defs" | "title" | "description" => true,
        "$ref" => is_valid(value, document.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap()),
        "type" => match rule {
            Value::Array(kinds) => kinds.iter().any(|kind| is_kind(value, kind.as_str().unwrap())),
            kind => is_kind(value, kind.as_str().unwrap()),
        },
        "enum" => rule.as_array().unwrap().contains(value),
        "anyOf" => rule.as_array().unwrap().iter().any(|schema| is_valid(value, schema)),
        "minimum" => value.as_f64().is_none_or(|number| number >= limit),
        "maximum" => value.as_f64().is_none_or(|number| number <= limit),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| is_valid(item, rule))),
        "minItems" => value.as_array().is_none_or(|items| items.len() >= count),
        "maxItems" => value.as_array().is_none_or(|items| items.len() <= count),
        "minProperties" => value.as_object().is_none_or(|map| map.len() >= count),
        "maxProperties" => value.as_object().is_none_or(|map| map.len() <= count),
        "required" => value.as_object().is_none_or(|map| {
            rule.as_array().unwrap().iter().all(|key| map.contains_key(key.as_str().unwrap()))
        }),
        "properties" => value.as_object().is_none_or(|map| {
            map.iter().all(|(key, inner)| rule.get(key).is_none_or(|schema| is_valid(inner, schema)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|map| {
            let is_known =
                |key: &String| rules.get("properties").is_some_and(|known| known.get(key).is_some());
            map.iter().all(|(key, inner)| is_known(key) || is_valid(inner, rule))
        }),
        other => panic!("the word {other} of a schema is not known here"),
    }
}

fn is_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no kind of value"),
    }
}
