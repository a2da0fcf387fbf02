use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{Constraint, Input, Interface};
use super::{checked, module, name, pillar, problems};

fn net(rest: Value) -> Value {
    let mut component = json!({ "source": "/m" });
    component.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    pillar(json!({}), json!({ "net": component, "dns": { "source": "/m" } }))
}

fn wrong(rest: Value, of_net: Interface) -> Vec<String> {
    let modules = vec![("net", of_net), ("dns", module(&[], &["zone", "zone_id"]))];
    checked(&net(rest), modules).err().unwrap_or_default()
}

/// A module with one variable `x`, modified by `change`.
fn variable(text: &str, change: impl FnOnce(&mut super::Variable)) -> Interface {
    let mut module = module(&[text], &[]);
    change(module.variables.get_mut("x").unwrap());
    module
}

const NONE: Vec<String> = Vec::new();

#[test]
fn an_undeclared_variable_names_the_nearest_that_is_declared() {
    let messages = wrong(json!({ "variables": { "regoin": "x" } }), module(&["region?"], &[]));
    assert_eq!(
        messages,
        [
            "infrastructure:components:net:variables:regoin: the module has no variable \"regoin\"; did you mean \"region\"?"
        ]
    );
}

#[test]
fn a_missing_required_variable_is_a_problem_of_its_component_only() {
    let lacks = |rest: Value, of_net: Interface| {
        let modules = vec![("net", of_net), ("dns", module(&[], &["zone"]))];
        let blueprint = checked(&net(rest), modules).unwrap();
        assert!(blueprint.nodes[&name("dns")].missing_variables.is_empty());
        blueprint.nodes[&name("net")].missing_variables.iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(lacks(json!({}), module(&["x", "y?"], &[])), ["x"]);
    let with_another = wrong(json!({ "variables": { "z": 1 } }), module(&["x"], &[]));
    assert!(
        with_another.len() == 2 && with_another[0].contains("variable \"x\" has no default"),
        "{with_another:?}"
    );
    for set in [
        json!({ "variables": { "x": "v" } }),
        json!({ "from_outputs": { "x": "dns.zone" } }),
        json!({ "secrets": { "x": "env:X" } }),
    ] {
        assert_eq!(lacks(set, module(&["x"], &[])), NONE);
    }
    let preset = Interface { preset: ["x".to_owned()].into(), ..module(&["x"], &[]) };
    assert_eq!(lacks(json!({}), preset), NONE);
}

#[test]
fn a_value_of_the_wrong_type_is_refused_without_the_value() {
    let messages = wrong(
        json!({ "variables": { "x": "hidden" } }),
        variable("x", |x| x.constraint = Constraint::Number),
    );
    assert!(
        messages.len() == 1 && messages[0].contains("net:variables:x: ") && !messages[0].contains("hidden"),
        "{messages:?}"
    );
}

#[test]
fn a_value_that_would_change_its_meaning_is_refused_with_its_place() {
    let text = |value: Value| {
        wrong(json!({ "variables": { "x": value } }), variable("x", |x| x.constraint = Constraint::String))
    };
    for (value, what) in [(json!(1.3), "is the number 1.3"), (json!(true), "is the boolean true")] {
        let messages = text(value);
        assert!(
            messages.len() == 1
                && messages[0].starts_with(&format!("infrastructure:components:net:variables:x: {what}"))
                && messages[0].contains("quote it"),
            "{messages:?}"
        );
    }
    assert_eq!(text(json!("1.30")), NONE);
    assert_eq!(text(json!(755)), NONE);
    let secret = wrong(
        json!({ "variables": { "x": 17.25 } }),
        variable("x", |x| {
            x.constraint = Constraint::String;
            x.sensitive = true;
        }),
    );
    assert!(secret.len() == 1 && !secret[0].contains("17.25"), "{secret:?}");
}

#[test]
fn a_value_of_the_last_apply_is_taken_as_terraform_took_it() {
    let (draft, _) = super::read(&net(json!({ "variables": { "x": true } })), "staging", &Default::default());
    let draft = draft.unwrap();
    let module = Arc::new(variable("x", |x| x.constraint = Constraint::String));
    let interfaces = BTreeMap::from([(name("net"), module)]);
    let mut component = draft.components[&name("net")].clone();
    assert_eq!(super::super::faults(&draft, &component, &interfaces).0.len(), 1);
    component.literals_are_stored = true;
    assert_eq!(super::super::faults(&draft, &component, &interfaces).0, []);
}

#[test]
fn integers_that_become_texts_are_a_note_and_no_problem() {
    let modules = || {
        let texts = Constraint::List(Box::new(Constraint::String));
        let mut net = module(&["x", "y", "z"], &[]);
        net.variables.get_mut("x").unwrap().constraint = Constraint::String;
        net.variables.get_mut("y").unwrap().constraint = texts;
        net.variables.get_mut("z").unwrap().constraint = Constraint::Number;
        vec![("net", net), ("dns", module(&[], &[]))]
    };
    let notes = |x: Value| {
        let values = json!({ "x": x, "y": ["a", 22], "z": 5 });
        let blueprint = checked(&net(json!({ "variables": values })), modules()).unwrap();
        super::super::notes(&blueprint.nodes[&name("net")])
    };
    let found = notes(json!(755));
    assert!(found.len() == 1 && found[0].starts_with("integers become texts: x, y[1]. "), "{found:?}");
    assert!(notes(json!("0755"))[0].starts_with("integers become texts: y[1]. "));
}

#[test]
fn null_is_refused_only_where_it_could_not_become_a_default() {
    let given = json!({ "variables": { "x": null } });
    assert_eq!(wrong(given.clone(), variable("x", |x| x.nullable = false)).len(), 1);
    assert_eq!(wrong(given.clone(), variable("x?", |x| x.nullable = false)), NONE);
    assert_eq!(wrong(given, variable("x", |_| ())), NONE);
}

#[test]
fn a_missing_output_names_those_that_exist() {
    let messages = wrong(json!({ "from_outputs": { "x": "dns.zonne" } }), module(&["x"], &[]));
    assert_eq!(
        messages,
        [
            "infrastructure:components:net:from_outputs:x: dns has no output 'zonne'; its outputs: zone, zone_id"
        ]
    );
}

#[test]
fn an_unknown_component_names_the_nearest() {
    let messages =
        wrong(json!({ "depends_on": ["dnss"], "from_outputs": { "x": "dn.zone" } }), module(&["x"], &[]));
    assert_eq!(
        messages,
        [
            "infrastructure:components:net:depends_on: no component \"dnss\"; did you mean \"dns\"?",
            "infrastructure:components:net:from_outputs:x: no component \"dn\"; did you mean \"dns\"?",
        ]
    );
}

#[test]
fn a_backend_in_the_module_is_refused_with_its_file() {
    let own = Interface { own_backend: Some("main.tf".to_owned()), ..Interface::default() };
    let messages = wrong(json!({}), own);
    assert!(
        messages.len() == 1 && messages[0].contains("net:source: ") && messages[0].contains("main.tf"),
        "{messages:?}"
    );
}

#[test]
fn an_encrypted_state_is_refused_with_the_file_that_encrypts_it() {
    let own = Interface { encryption: Some("main.tf".to_owned()), ..Interface::default() };
    let messages = wrong(json!({}), own);
    assert!(messages.len() == 1 && messages[0].contains("encrypts its state in main.tf"), "{messages:?}");
}

#[test]
fn an_ephemeral_variable_is_checked_like_any_other_and_its_value_is_in_no_digest() {
    let ephemeral = |text: &str| {
        variable(text, |x| {
            x.ephemeral = true;
            x.constraint = Constraint::String;
        })
    };
    assert_eq!(wrong(json!({}), ephemeral("x?")), NONE);
    let refused = wrong(json!({ "variables": { "x": 17.25 } }), ephemeral("x"));
    assert!(refused.len() == 1 && !refused[0].contains("17.25"), "{refused:?}");
    let refused = wrong(json!({ "variables": { "x": "vault:a/b#c" } }), ephemeral("x"));
    assert!(refused.len() == 1 && refused[0].contains("Move it to secrets"), "{refused:?}");
    let node = |rest: Value| {
        let modules = vec![("net", ephemeral("x")), ("dns", module(&[], &[]))];
        checked(&net(rest), modules).unwrap().nodes[&name("net")].clone()
    };
    assert_eq!(node(json!({})).missing_variables, ["x".to_owned()].into());
    let id = |value: &str| node(json!({ "variables": { "x": value } })).deployment_id;
    assert_eq!(id("one value"), id("another value"));
}

#[test]
fn a_cycle_is_named_in_its_order_and_once() {
    let on = |other: &str| json!({ "source": "/m", "depends_on": [other] });
    let infrastructure = pillar(json!({}), json!({ "a": on("b"), "b": on("c"), "c": on("a") }));
    assert_eq!(
        checked(&infrastructure, vec![]).unwrap_err(),
        ["infrastructure:components: a cycle: a -> b -> c -> a"]
    );
}

#[test]
fn a_component_that_reads_itself_is_a_cycle() {
    let messages = wrong(json!({ "depends_on": ["net"] }), Interface::default());
    assert_eq!(messages, ["infrastructure:components: a cycle: net -> net"]);
}

#[test]
fn a_component_that_depends_on_everything_is_last_and_two_of_them_are_a_cycle() {
    let star = json!({ "source": "/m", "depends_on": ["*"] });
    let plain = json!({ "source": "/m" });
    let modules = || ["a", "b", "c"].map(|one| (one, Interface::default())).to_vec();
    let one = pillar(json!({}), json!({ "a": star, "b": plain, "c": plain }));
    let order = checked(&one, modules()).unwrap().graph.order();
    assert_eq!(order, ["b", "c", "a"].map(name));
    let two = pillar(json!({}), json!({ "a": star, "b": star, "c": plain }));
    let messages = checked(&two, modules()).unwrap_err();
    assert!(messages[0].contains("a -> b -> a") && messages[0].contains("\"*\""), "{messages:?}");
}

#[test]
fn a_component_with_a_problem_causes_no_problem_in_components_that_read_it() {
    let infrastructure = pillar(
        json!({}),
        json!({
            "broken": { "source": 5 },
            "net": { "source": "/m", "from_outputs": { "x": "broken.id" }, "depends_on": ["broken"] },
        }),
    );
    let messages = checked(&infrastructure, vec![("net", module(&["x"], &[]))]).unwrap_err();
    assert_eq!(messages, ["infrastructure:components:broken:source: must be a text"]);
}

#[test]
fn a_module_that_cannot_be_read_causes_no_further_problem() {
    let infrastructure = net(json!({ "variables": { "any": 1 }, "from_outputs": { "x": "dns.what" } }));
    assert!(checked(&infrastructure, vec![]).is_ok());
}

#[test]
fn an_input_that_could_not_be_read_is_neither_missing_nor_null() {
    let of_net = variable("x", |x| x.nullable = false);
    let messages = wrong(json!({ "secrets": { "x": "hunter2" } }), of_net);
    assert!(messages.len() == 1 && messages[0].contains("must be a reference"), "{messages:?}");
}

#[test]
fn a_disabled_component_is_checked_too() {
    let messages = wrong(json!({ "enabled": false, "variables": { "y": 1 } }), Interface::default());
    assert!(messages.len() == 1 && messages[0].contains("no variable \"y\""), "{messages:?}");
}

#[test]
fn problems_of_the_pillar_and_of_the_modules_come_in_one_error() {
    let mut infrastructure = net(json!({ "variables": { "y": 1 } }));
    infrastructure["settings"] = json!({ "paralelism": 1 });
    let messages = checked(&infrastructure, vec![("net", Interface::default())]).unwrap_err();
    assert_eq!(messages.len(), 2, "{messages:?}");
}

#[test]
fn the_error_contains_every_problem_once_sorted_by_path() {
    let (_, mut twice) =
        super::read(&pillar(json!({ "b": 1, "a": 1 }), json!({})), "staging", &super::Overrides::default());
    twice.extend(twice.clone());
    let error = super::refusal(twice);
    assert_eq!(error.details["problems"].as_array().unwrap().len(), 2);
    assert!(
        error
            .message
            .starts_with("2 problems; nothing was run\n  infrastructure:settings:a\n      unknown key")
    );
}

#[test]
fn a_wrong_shared_setting_is_reported_once_for_all_components() {
    let source = json!({ "source": "/m" });
    let infrastructure =
        pillar(json!({ "policy": { "allow_destroy": 5 } }), json!({ "a": source, "b": source }));
    assert_eq!(
        problems(&infrastructure),
        ["infrastructure:settings:policy:allow_destroy: must be true or false"]
    );
}

#[test]
fn all_components_of_an_environment_with_a_thousand_are_checked() {
    let mut components = serde_json::Map::new();
    for index in 0..1000 {
        let needs = if index == 0 { json!([]) } else { json!([format!("c{:04}", index - 1)]) };
        components.insert(format!("c{index:04}"), json!({ "source": "/m", "depends_on": needs }));
    }
    let names: Vec<_> = components.keys().cloned().collect();
    let modules = names.iter().map(|name| (name.as_str(), module(&["component"], &[]))).collect();
    let blueprint = checked(&pillar(json!({}), Value::Object(components)), modules).unwrap();
    assert_eq!(blueprint.graph.order().last(), Some(&name("c0999")));
    assert_eq!(blueprint.nodes["c0500"].component.inputs["component"], Input::Literal(json!("c0500")));
}
