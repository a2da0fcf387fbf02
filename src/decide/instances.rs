//! The objects in a state, by address. A creation that is not among them may be an orphan.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The objects at one address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateInstance {
    /// Whether the address has an object in use. Some addresses have only deposed objects.
    pub current: bool,
    /// Its `id` attribute, if there is one.
    pub id: Option<String>,
    pub kind: String,
    /// The address without the instance's own key.
    pub resource: String,
    /// The resources that it needs, without keys: `module.m.type.name`.
    pub dependencies: BTreeSet<String>,
    /// Whether the creation of the object in use failed after it existed. Terraform replaces it.
    pub tainted: bool,
    /// Number of objects that a replacement has put aside and has not destroyed yet.
    pub deposed: usize,
}

/// Objects by address, from a state document of format 4. Only managed resources are included.
pub fn instances(document: &Value) -> BTreeMap<String, StateInstance> {
    let mut found: BTreeMap<String, StateInstance> = BTreeMap::new();
    let resources = document["resources"].as_array().into_iter().flatten();
    for resource in resources.filter(|resource| resource["mode"] == "managed") {
        for object in resource["instances"].as_array().into_iter().flatten() {
            let instance = found.entry(address(resource, &object["index_key"])).or_default();
            instance.kind = resource["type"].as_str().unwrap_or_default().to_owned();
            instance.resource = address(resource, &Value::Null);
            let needs = object["dependencies"].as_array().into_iter().flatten();
            instance.dependencies.extend(needs.filter_map(Value::as_str).map(str::to_owned));
            if object["deposed"].is_string() {
                instance.deposed += 1;
                continue;
            }
            instance.current = true;
            instance.tainted = object["status"] == "tainted";
            instance.id = object["attributes"]["id"].as_str().map(str::to_owned);
        }
    }
    found
}

/// The address in Terraform's notation: `module.m["k"].type.name[0]`.
pub fn address(resource: &Value, key: &Value) -> String {
    let part = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
    let module = part("module");
    let dot = if module.is_empty() { "" } else { "." };
    let key = match key {
        Value::Null => String::new(),
        key => format!("[{key}]"),
    };
    format!("{module}{dot}{}.{}{key}", part("type"), part("name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_is_written_as_terraform_writes_it() {
        let found = instances(&json!({ "resources": [
            { "mode": "managed", "type": "t", "name": "n", "instances": [{ "attributes": { "id": "1" } }] },
            { "mode": "managed", "module": "module.m[\"a b\"]", "type": "t", "name": "n", "instances": [
                { "index_key": "x \"y\"", "attributes": {} }, { "index_key": 0, "attributes": { "id": "2" } }] },
            { "mode": "data", "type": "t", "name": "d", "instances": [{}] },
        ] }));
        let ids: Vec<_> = found.iter().map(|(address, one)| (address.as_str(), one.id.as_deref())).collect();
        let expected = [
            (r#"module.m["a b"].t.n["x \"y\""]"#, None),
            (r#"module.m["a b"].t.n[0]"#, Some("2")),
            ("t.n", Some("1")),
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn a_deposed_object_is_not_the_one_in_use() {
        let objects = json!([{ "deposed": "12345678", "attributes": { "id": "old" } }]);
        let found = instances(
            &json!({ "resources": [{ "mode": "managed", "type": "t", "name": "n", "instances": objects }] }),
        );
        let expected = StateInstance {
            deposed: 1,
            kind: "t".to_owned(),
            resource: "t.n".to_owned(),
            ..StateInstance::default()
        };
        assert_eq!(found["t.n"], expected);
    }
}
