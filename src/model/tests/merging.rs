use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Input, OnFailure, Overrides, Reference};
use super::{checked, checked_with, draft, draft_with, module, name, problems};

/// A component `net` that is described at two levels.
fn levels(common: Value, own: Value) -> Value {
    json!({ "components": { "net": common }, "environments": { "staging": { "components": { "net": own } } } })
}

fn settings(common: Value, own: Value) -> Value {
    json!({ "settings": common, "environments": { "staging": { "settings": own } } })
}

fn inputs(infrastructure: &Value) -> BTreeMap<String, Input> {
    draft(infrastructure).components[&name("net")].inputs.clone()
}

#[test]
fn a_value_in_variables_is_replaced_completely() {
    let common = json!({ "source": "/m", "variables": { "tags": { "a": 1 }, "zone": "x" } });
    let read = inputs(&levels(common, json!({ "variables": { "tags": { "b": 2 } } })));
    assert_eq!(read["tags"], Input::Literal(json!({ "b": 2 })));
    assert_eq!(read["zone"], Input::Literal(json!("x")));
}

#[test]
fn mappings_with_keys_of_eos_merge_deeply_and_lists_are_replaced() {
    let common =
        json!({ "policy": { "allow_destroy": true, "protect": ["a", "b"] }, "timeouts": { "init": 1 } });
    let own = json!({ "policy": { "protect": ["c"] }, "timeouts": { "plan": 2 } });
    let read = draft(&settings(common, own)).settings;
    assert!(read.policy.allow_destroy);
    assert_eq!(read.policy.protect, ["c".to_owned()].into());
    assert_eq!((read.timeouts.init.as_secs(), read.timeouts.plan.as_secs()), (1, 2));
}

#[test]
fn a_backend_of_another_type_inherits_no_arguments() {
    let common = json!({ "backend": { "type": "s3", "bucket": "b" } });
    let other = draft(&settings(common.clone(), json!({ "backend": { "type": "gcs" } }))).settings.backend;
    assert_eq!((other.kind.as_str(), other.arguments.len()), ("gcs", 0));
    let same =
        draft(&settings(common, json!({ "backend": { "type": "s3", "region": "r" } }))).settings.backend;
    assert_eq!(same.arguments.keys().collect::<Vec<_>>(), ["bucket", "region"]);
}

#[test]
fn an_empty_mapping_at_a_more_specific_level_removes_nothing() {
    let common = json!({ "policy": { "protect": ["aws_db_instance"] } });
    for empty in [json!(null), json!({})] {
        let read = draft(&settings(common.clone(), json!({ "policy": empty }))).settings;
        assert_eq!(read.policy.protect, ["aws_db_instance".to_owned()].into());
        let common = json!({ "source": "/m", "variables": { "a": 1 } });
        assert_eq!(inputs(&levels(common.clone(), json!({ "variables": empty }))).len(), 1);
        assert_eq!(inputs(&levels(common, empty)).len(), 1);
    }
}

#[test]
fn a_null_variable_is_terraforms_null_and_replaces_a_value() {
    let common = json!({ "source": "/m", "variables": { "a": { "b": 1 } } });
    let read = inputs(&levels(common, json!({ "variables": { "a": null } })));
    assert_eq!(read["a"], Input::Literal(Value::Null));
}

#[test]
fn a_variable_belongs_to_the_most_specific_level_however_it_is_set() {
    let common = json!({ "source": "/m", "variables": { "a": "x" }, "from_outputs": { "b": "dns.zone" } });
    let own = json!({ "secrets": { "a": "env:A" }, "variables": { "b": "y" } });
    let mut infrastructure = levels(common, own);
    infrastructure["components"]["dns"] = json!({ "source": "/m" });
    let read = inputs(&infrastructure);
    assert_eq!(read["a"], Input::Secret(Reference::Env("A".to_owned())));
    assert_eq!(read["b"], Input::Literal(json!("y")));
}

#[test]
fn a_variable_set_twice_at_one_level_is_refused() {
    let both = json!({ "source": "/m", "variables": { "a": "x" }, "secrets": { "a": "env:A" } });
    let messages = problems(&levels(both, json!({})));
    assert!(
        messages.len() == 1 && messages[0].contains("net:secrets:a: this variable is set twice"),
        "{messages:?}"
    );
}

#[test]
fn an_environment_may_add_its_own_component() {
    let own = json!({ "source": "/m" });
    let infrastructure = json!({ "environments": { "staging": { "components": { "extra": own } } } });
    assert!(draft(&infrastructure).components.contains_key("extra"));
}

#[test]
fn values_of_the_call_win_over_every_level() {
    let mut infrastructure =
        levels(json!({ "source": "/m", "variables": { "a": 1 } }), json!({ "variables": { "a": 2 } }));
    infrastructure["settings"] = json!({ "parallelism": 2, "on_failure": "stop" });
    let overrides = Overrides {
        parallelism: Some(json!(9)),
        on_failure: Some(json!("continue")),
        variables: Some((name("net"), json!({ "a": 3 }))),
        secrets: None,
        backend: Some((name("net"), json!({ "type": "http", "address": "http://h" }))),
        service: None,
        beside: Vec::new(),
    };
    let read = draft_with(&infrastructure, &overrides);
    let net = &read.components[&name("net")];
    assert_eq!(read.settings.parallelism.get(), 9);
    assert_eq!((read.settings.on_failure, net.on_failure), (OnFailure::Continue, OnFailure::Continue));
    assert_eq!(net.inputs["a"], Input::Literal(json!(3)));
    assert_eq!(net.backend.kind, "http");
}

#[test]
fn settings_of_a_component_win_over_the_common_ones() {
    let infrastructure = json!({
        "settings": { "policy": { "allow_destroy": true, "protect": ["x"] }, "timeouts": { "init": 7 } },
        "components": { "net": {
            "source": "/m", "policy": { "allow_destroy": false }, "timeouts": { "plan": "1s" },
            "on_failure": "continue", "backend": { "type": "pg" },
        } },
        "environments": { "staging": {} },
    });
    let read = draft(&infrastructure);
    let net = &read.components[&name("net")];
    assert!(!net.policy.allow_destroy && net.policy.protect.contains("x"));
    assert_eq!((net.timeouts.init.as_secs(), net.timeouts.plan.as_secs()), (7, 1));
    assert_eq!((net.on_failure, net.backend.kind.as_str()), (OnFailure::Continue, "pg"));
}

#[test]
fn a_problem_names_the_level_that_caused_it() {
    let common = json!({ "source": "/m", "variables": { "x": "1", "y": "1" }, "depends_on": ["nowhere"] });
    let infrastructure = levels(common, json!({ "variables": { "y": "2" } }));
    let overrides = Overrides { variables: Some((name("net"), json!({ "z": "3" }))), ..Overrides::default() };
    let messages = checked_with(&infrastructure, vec![("net", module(&[], &[]))], &overrides).unwrap_err();
    let places: Vec<_> = messages.iter().map(|one| one.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "arguments:variables:z",
            "infrastructure:components:net:depends_on",
            "infrastructure:components:net:variables:x",
            "infrastructure:environments:staging:components:net:variables:y",
        ]
    );
}

#[test]
fn a_problem_in_the_arguments_of_a_call_names_the_argument() {
    let overrides = Overrides { parallelism: Some(json!("many")), ..Overrides::default() };
    let read = super::read(&settings(json!({}), json!({})), "staging", &overrides);
    assert_eq!(super::said(read.1), ["arguments:parallelism: must be a positive integer"]);
}

#[test]
fn an_environment_without_an_entry_does_not_change_a_component() {
    let infrastructure = levels(json!({ "source": "/m" }), json!({}));
    let blueprint = checked(&infrastructure, vec![("net", module(&["needed"], &[]))]).unwrap();
    let net = &blueprint.nodes[&name("net")];
    assert_eq!(net.component.path.to_string(), "infrastructure:components:net");
}
