//! The managed objects of a state, with their values as a plan shows them.

use serde_json::{Map, Value};

use super::instances::address;
use crate::change::{StateObject, StateObjects};

/// The objects in use of a state document of format 4.
pub fn state_objects(document: &Value) -> StateObjects {
    let resources = list(&document["resources"]).filter(|one| one["mode"] == "managed");
    let instances =
        resources.flat_map(|resource| list(&resource["instances"]).map(move |one| (resource, one)));
    let current = instances.filter(|(_, one)| !one["deposed"].is_string() && one["attributes"].is_object());
    let objects = current.map(|(resource, one)| {
        let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
        let object =
            StateObject { kind: text("type"), name: text("name"), values: concrete(&one["attributes"]) };
        (address(resource, &one["index_key"]), object)
    });
    objects.collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Where the provider leaves the type open, a state has the type beside the value. A plan has only the value.
fn concrete(value: &Value) -> Value {
    match value {
        Value::Object(map) if is_with_type(map) => map["value"].clone(),
        Value::Object(map) => map.iter().map(|(key, one)| (key.clone(), concrete(one))).collect(),
        Value::Array(items) => items.iter().map(concrete).collect(),
        other => other.clone(),
    }
}

fn is_with_type(map: &Map<String, Value>) -> bool {
    const SIMPLE: [&str; 4] = ["string", "number", "bool", "dynamic"];
    const COMPOUND: [&str; 5] = ["list", "set", "map", "object", "tuple"];
    let is_type = |value: &Value| match value {
        Value::String(word) => SIMPLE.contains(&word.as_str()),
        Value::Array(words) => words
            .first()
            .and_then(Value::as_str)
            .is_some_and(|word| words.len() > 1 && COMPOUND.contains(&word)),
        _ => false,
    };
    map.len() == 2 && map.contains_key("value") && map.get("type").is_some_and(is_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_as_in_a_plan_and_old_copies_are_left_out() {
        let open = json!({ "value": { "type": "string", "value": "v" },
            "type": ["object", { "type": "string", "value": "string" }] });
        let instances = json!([
            { "index_key": 0, "attributes": { "input": open, "tags": { "type": "x", "value": "y" } } },
            { "index_key": 0, "deposed": "12345678", "attributes": {} },
        ]);
        let document = json!({ "resources": [
            { "mode": "managed", "module": "module.m", "type": "t", "name": "a", "instances": instances },
            { "mode": "data", "type": "t", "name": "b", "instances": [{ "attributes": {} }] },
        ] });
        let objects = state_objects(&document);
        assert_eq!(objects.keys().collect::<Vec<_>>(), ["module.m.t.a[0]"]);
        let object = &objects["module.m.t.a[0]"];
        assert_eq!((object.kind.as_str(), object.name.as_str()), ("t", "a"));
        let expected =
            json!({ "input": { "type": "string", "value": "v" }, "tags": { "type": "x", "value": "y" } });
        assert_eq!(object.values, expected);
    }
}
