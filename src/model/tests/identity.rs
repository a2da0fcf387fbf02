use serde_json::{Value, json};

use super::super::{Input, Interface};
use super::{checked, module, pillar};

const STANDARD: [&str; 4] = ["environment", "component", "deployment_id", "managed_by"];

fn inputs(rest: Value, of_net: Interface) -> std::collections::BTreeMap<String, Input> {
    let mut component = json!({ "source": "/m" });
    component.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let infrastructure = pillar(json!({}), json!({ "net": component, "dns": { "source": "/m" } }));
    let modules = vec![("net", of_net), ("dns", module(&[], &["zone", "other"]))];
    checked(&infrastructure, modules).unwrap().nodes["net"].component.inputs.clone()
}

fn id(rest: Value, digest: &str) -> String {
    let of_net = Interface { digest: digest.to_owned(), ..module(&["deployment_id", "x?"], &[]) };
    match inputs(rest, of_net).remove("deployment_id") {
        Some(Input::Literal(Value::String(id))) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn standard_inputs_are_added_where_the_module_declares_them() {
    let read = inputs(json!({}), module(&STANDARD, &[]));
    assert_eq!(read["environment"], Input::Literal(json!("staging")));
    assert_eq!(read["component"], Input::Literal(json!("net")));
    assert_eq!(read["managed_by"], Input::Literal(json!("eos")));
    assert_eq!(inputs(json!({}), module(&["component?"], &[])).keys().collect::<Vec<_>>(), ["component"]);
    assert!(inputs(json!({}), Interface::default()).is_empty());
}

#[test]
fn standard_inputs_do_not_override_values_set_elsewhere() {
    let read = inputs(json!({ "variables": { "managed_by": "me" } }), module(&STANDARD, &[]));
    assert_eq!(read["managed_by"], Input::Literal(json!("me")));
    let preset = Interface { preset: ["component".to_owned()].into(), ..module(&STANDARD, &[]) };
    assert!(!inputs(json!({}), preset).contains_key("component"));
}

#[test]
fn a_deployment_id_is_twelve_hexadecimal_digits_and_stays_the_same() {
    let first = id(json!({ "variables": { "x": "1" } }), "d");
    assert!(first.len() == 12 && first.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
    assert_eq!(first, id(json!({ "variables": { "x": "1" } }), "d"));
    // This id must stay fixed: with another id, every plan would show a change after an upgrade.
    assert_eq!(id(json!({ "from_outputs": { "x": "dns.zone" } }), "d"), "016ead500e40");
}

#[test]
fn a_deployment_id_changes_with_every_part_of_the_content() {
    let mut ids = vec![
        id(json!({}), "d"),
        id(json!({}), "e"),
        id(json!({ "variables": { "x": "1" } }), "d"),
        id(json!({ "variables": { "x": 1 } }), "d"),
        id(json!({ "variables": { "x": "dns.zone" } }), "d"),
        id(json!({ "from_outputs": { "x": "dns.zone" } }), "d"),
        id(json!({ "from_outputs": { "x": "dns.other" } }), "d"),
        id(json!({ "from_outputs": { "x": ["dns.zone"] } }), "d"),
        id(json!({ "secrets": { "x": "env:A" } }), "d"),
        id(json!({ "secrets": { "x": "env:B" } }), "d"),
    ];
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
