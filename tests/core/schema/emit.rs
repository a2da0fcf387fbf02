//! Writes a shape as a JSON schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::shape::{List, Mapping, Shape};
use super::share::shared;

const ABOUT: &str = "The shape of Eos's pillar: its keys, and the kind of each value. What depends on other values, on \
                     other levels or on the modules, only infrastructure.validate knows.";

/// The parts that stand in the pillar and again in each environment.
const LEVELS: [&str; 3] = ["components", "services", "settings"];

/// The schema of a file that has the pillar below the key `infrastructure`. `refused`: the settings that an environment
/// may not have.
pub fn document(shape: &Shape, refused: &BTreeSet<String>) -> Value {
    let mut whole = schema(shape);
    let mut parts = Map::new();
    for part in LEVELS {
        let key = &mut whole["properties"][part];
        parts.insert(part.to_owned(), key.take());
        *key = json!({ "$ref": format!("#/$defs/{part}") });
    }
    let mut own = parts["settings"].clone();
    let own_keys = own["properties"].as_object_mut().unwrap();
    own_keys.retain(|key, _| !refused.contains(key));
    parts.insert("settings_of_an_environment".to_owned(), own);
    let environment = &mut whole["properties"]["environments"]["additionalProperties"]["properties"];
    for part in LEVELS {
        let own = if part == "settings" { "settings_of_an_environment" } else { part };
        environment[part] = json!({ "$ref": format!("#/$defs/{own}") });
    }
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The pillar of Eos",
        "description": ABOUT,
        "type": "object",
        "properties": { "infrastructure": whole },
        "$defs": parts,
    });
    shared(document)
}

fn schema(shape: &Shape) -> Value {
    // Whatever else was learned before is a part of it.
    if shape.any {
        return json!(true);
    }
    let mut kinds: Vec<&str> = Vec::new();
    let mut limits = Map::new();
    let words = if shape.text { Vec::new() } else { shape.words.iter().map(|word| json!(word)).collect() };
    if shape.null {
        kinds.push("null");
    }
    if shape.booleans.len() == 2 {
        kinds.push("boolean");
    }
    if let Some(integers) = shape.integers {
        kinds.push(if shape.fractions { "number" } else { "integer" });
        for (name, limit) in [("minimum", integers.least), ("maximum", integers.most)] {
            limits.extend(limit.map(|limit| (name.to_owned(), json!(limit))));
        }
    }
    if shape.text {
        kinds.push("string");
    }
    if let Some(list) = &shape.list {
        kinds.push("array");
        of_list(list, shape, &mut limits);
    }
    if let Some(mapping) = &shape.mapping {
        kinds.push("object");
        of_mapping(mapping, &mut limits);
    }
    let only = shape.booleans.iter().filter(|_| shape.booleans.len() == 1).map(|flag| json!(flag));
    let mut constants: Vec<Value> = words.into_iter().chain(only).collect();
    if constants.is_empty() {
        limits.insert("type".to_owned(), one_or_many(kinds));
        return limits.into();
    }
    if kinds == ["null"] {
        constants.push(Value::Null);
        return json!({ "enum": constants });
    }
    if kinds.is_empty() {
        return json!({ "enum": constants });
    }
    limits.insert("type".to_owned(), one_or_many(kinds));
    json!({ "anyOf": [{ "enum": constants }, limits] })
}

fn one_or_many(kinds: Vec<&str>) -> Value {
    match kinds.as_slice() {
        [one] => json!(one),
        many => json!(many),
    }
}

fn of_list(list: &List, whole: &Shape, limits: &mut Map<String, Value>) {
    match &list.items {
        _ if list.or_single => drop(limits.insert("items".to_owned(), schema(&whole.without_lists()))),
        Some(items) => drop(limits.insert("items".to_owned(), schema(items))),
        None => drop(limits.insert("maxItems".to_owned(), json!(0))),
    }
    if !list.may_be_empty {
        limits.insert("minItems".to_owned(), json!(1));
    }
}

fn of_mapping(mapping: &Mapping, limits: &mut Map<String, Value>) {
    let keys: Map<String, Value> =
        mapping.keys.iter().map(|(key, shape)| (key.clone(), schema(shape))).collect();
    if !keys.is_empty() {
        limits.insert("properties".to_owned(), keys.into());
    }
    let others = mapping.entries.as_ref().map_or(json!(false), |entries| schema(entries));
    limits.insert("additionalProperties".to_owned(), others);
    if let Some(required) = mapping.required.as_ref().filter(|required| !required.is_empty()) {
        limits.insert("required".to_owned(), json!(required));
    }
    if mapping.is_one_of {
        limits.insert("minProperties".to_owned(), json!(1));
        limits.insert("maxProperties".to_owned(), json!(1));
    }
}
