//! Renders the `backend` block. It contains the key of the component's state.

use hcl::structure::{Block, Body};
use serde_json::Value;

use crate::model::{Backend, Name};

/// The argument of each backend that distinguishes the states of components.
/// Source: <https://developer.hashicorp.com/terraform/language/backend>.
const KEYS: &[(&str, &str)] = &[
    ("azurerm", "key"),
    ("consul", "path"),
    ("cos", "prefix"),
    ("gcs", "prefix"),
    ("http", "address"),
    ("kubernetes", "secret_suffix"),
    ("oci", "key"),
    ("oss", "prefix"),
    ("pg", "schema_name"),
    ("s3", "key"),
];

/// The first line of each backend.tf that Eos writes.
pub const MARK: &str = "# Written by Eos from infrastructure:settings:backend.";

/// Renders `backend.tf` for a component. None for the local state, Terraform's default.
///
/// The error is a sentence: the backend is unknown, or the pillar sets an argument that only Eos may set.
pub fn backend(backend: &Backend, environment: &Name, component: &Name) -> Result<Option<String>, String> {
    if backend.is_local() {
        return Ok(None);
    }
    let Some((_, key)) = KEYS.iter().find(|(kind, _)| *kind == backend.kind) else {
        let known: Vec<_> = KEYS.iter().map(|(kind, _)| *kind).collect();
        return Err(format!("unknown backend {:?}; there are: local, {}", backend.kind, known.join(", ")));
    };
    let mut arguments = backend.arguments.clone();
    match backend.kind.as_str() {
        "http" => http(&mut arguments, environment, component)?,
        kind if arguments.contains_key(*key) => {
            return Err(format!("{key:?} of {kind} is set by Eos for each component: remove it"));
        }
        "kubernetes" => {
            arguments
                .insert((*key).to_owned(), format!("{environment}-{component}").replace('_', "-").into());
        }
        _ => {
            arguments.insert((*key).to_owned(), format!("{environment}/{component}").into());
        }
    }
    let block = arguments
        .into_iter()
        .fold(Block::builder("backend").add_label(backend.kind.as_str()), |block, (name, value)| {
            block.add_attribute((name.as_str(), expression(value)))
        });
    let body =
        Body::builder().add_block(Block::builder("terraform").add_block(block.build()).build()).build();
    let text = hcl::to_string(&body).map_err(|error| format!("cannot be written as HCL: {error}"))?;
    Ok(Some(format!("{MARK}\n{text}")))
}

/// Appends the component's own path to each address of an http backend.
fn http(
    arguments: &mut std::collections::BTreeMap<String, Value>,
    environment: &Name,
    component: &Name,
) -> Result<(), String> {
    if !arguments.contains_key("address") {
        return Err("an http backend needs an \"address\"".to_owned());
    }
    for key in ["address", "lock_address", "unlock_address"] {
        if let Some(Value::String(address)) = arguments.get_mut(key) {
            *address = format!("{}/{environment}/{component}", address.trim_end_matches('/'));
        }
    }
    Ok(())
}

fn expression(value: Value) -> hcl::Expression {
    match value {
        Value::Null => hcl::Expression::Null,
        Value::Bool(flag) => flag.into(),
        Value::String(text) => text.into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => hcl::Expression::Number(whole.into()),
            (None, Some(float)) => {
                hcl::Number::from_f64(float).map_or(hcl::Expression::Null, hcl::Expression::Number)
            }
            (None, None) => hcl::Expression::Null,
        },
        Value::Array(items) => hcl::Expression::Array(items.into_iter().map(expression).collect()),
        Value::Object(map) => hcl::Expression::Object(
            map.into_iter()
                .map(|(key, value)| (hcl::ObjectKey::Expression(key.into()), expression(value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rendered(kind: &str, arguments: Value) -> Result<Option<String>, String> {
        let arguments = serde_json::from_value(arguments).unwrap();
        let (environment, component) = (Name::new("staging").unwrap(), Name::new("net").unwrap());
        backend(&Backend { kind: kind.to_owned(), arguments }, &environment, &component)
    }

    #[test]
    fn a_local_backend_is_not_written() {
        assert_eq!(rendered("local", json!({})), Ok(None));
    }

    #[test]
    fn an_s3_backend_keeps_each_component_under_its_own_key() {
        let text = rendered(
            "s3",
            json!({"bucket": "b\"${x}%{y}", "use_lockfile": true, "endpoints": {"s3": "http://h"}}),
        );
        let expected = "# Written by Eos from infrastructure:settings:backend.\n\
            terraform {\n  backend \"s3\" {\n    bucket = \"b\\\"$${x}%%{y}\"\n    endpoints = {\n      \"s3\" = \"http://h\"\n    }\n    \
            key = \"staging/net\"\n    use_lockfile = true\n  }\n}\n";
        assert_eq!(text.unwrap().unwrap(), expected);
    }

    #[test]
    fn every_address_of_an_http_backend_gets_the_component() {
        let text =
            rendered("http", json!({"address": "http://h/", "lock_address": "http://h/l"})).unwrap().unwrap();
        assert!(
            text.contains("\"http://h/staging/net\"") && text.contains("\"http://h/l/staging/net\""),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_backend_and_a_reserved_key_are_refused() {
        assert!(rendered("s4", json!({})).unwrap_err().contains("azurerm"));
        assert!(rendered("s3", json!({"key": "x"})).unwrap_err().contains("remove it"));
    }
}
