//! Which values a configuration sets, by the `configuration` of a plan.

use serde_json::Value;

use crate::model::address_steps;

/// A resource block in the configuration.
pub struct Declared<'a> {
    pub expressions: &'a Value,
    /// The calls of its module, the outermost first.
    pub calls: Vec<&'a Value>,
}

/// The block of this resource.
pub fn declared<'a>(plan: &'a Value, resource: &Value) -> Option<Declared<'a>> {
    let mut module = &plan["configuration"]["root_module"];
    let mut calls = Vec::new();
    let steps = address_steps(resource["module_address"].as_str().unwrap_or_default());
    for call in steps.chunks(2).filter_map(|pair| pair.get(1)) {
        let name = call.split('[').next().unwrap_or(call);
        let call = &module["module_calls"][name];
        calls.push(call);
        module = &call["module"];
    }
    let mut resources = module["resources"].as_array().into_iter().flatten();
    let is = |one: &&Value| {
        one["mode"] == resource["mode"] && one["type"] == resource["type"] && one["name"] == resource["name"]
    };
    resources.find(is).map(|one| Declared { expressions: &one["expressions"], calls })
}

/// Whether this is an expression, and not a block.
pub fn is_expression(value: &Value) -> bool {
    value.get("constant_value").is_some() || value.get("references").is_some()
}

/// Whether the configuration sets the value at this path of a resource, or a part of it.
pub fn sets(plan: &Value, resource: &Value, path: &[String]) -> bool {
    let Some(declared) = declared(plan, resource) else { return false };
    let mut at = declared.expressions;
    for key in path {
        match at {
            // It sets everything below.
            expression if is_expression(expression) => return true,
            Value::Object(map) => match map.get(key) {
                Some(below) => at = below,
                None => return false,
            },
            _ => break,
        }
    }
    match at {
        Value::Null => false,
        // The constant null sets nothing.
        Value::Object(map) => map.values().any(|one| !one.is_null()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_set_if_its_argument_or_block_is_in_the_configuration() {
        let expressions = json!({
            "tags": { "constant_value": { "a": "b" } },
            "name": { "references": ["var.name"] },
            "ingress": [{ "from_port": { "constant_value": 1 } }],
            "subnets": { "constant_value": null },
            "timeouts": { "create": { "constant_value": "1m" } },
        });
        let resources = json!([{ "mode": "managed", "type": "t", "name": "a", "expressions": expressions }]);
        let module = json!({ "resources": resources });
        let plan = json!({ "configuration": { "root_module": { "resources": resources,
            "module_calls": { "m": { "module": { "module_calls": { "n": { "module": module } } } } } } } });
        let root = json!({ "mode": "managed", "type": "t", "name": "a" });
        let deep = json!({ "mode": "managed", "type": "t", "name": "a",
            "module_address": "module.m[\"x.y\"].module.n[0]" });
        for (path, expected) in [
            (vec!["tags", "a"], true),
            (vec!["tags"], true),
            (vec!["name"], true),
            (vec!["ingress"], true),
            (vec!["timeouts", "create"], true),
            (vec!["timeouts", "delete"], false),
            (vec!["versioning"], false),
            (vec!["subnets"], false),
        ] {
            let path: Vec<_> = path.into_iter().map(str::to_owned).collect();
            assert_eq!(sets(&plan, &root, &path), expected, "{path:?}");
            assert_eq!(sets(&plan, &deep, &path), expected, "{path:?}");
        }
        let other = json!({ "mode": "managed", "type": "t", "name": "b" });
        assert!(!sets(&plan, &other, &["tags".to_owned()]));
    }
}
