//! Services of several environments in one Consul.

use serde_json::{Value, json};

use super::super::{Overrides, shared_names};
use super::said;

/// Two environments with the service `web`, each in a namespace of its own of one Nomad, with these more keys.
fn told(settings: Value, staging: Value, production: Value) -> Vec<String> {
    let mut infrastructure = json!({
        "settings": settings,
        "services": { "web": { "image": "x", "port": 80 } },
        "components": { "broken": 7 },
        "environments": {
            "staging": { "settings": { "nomad": { "namespace": "staging" } } },
            "production": { "settings": { "nomad": { "namespace": "production" } } },
        },
    });
    for (name, own) in [("staging", staging), ("production", production)] {
        for (key, value) in own.as_object().into_iter().flatten() {
            match infrastructure["environments"][name][key].as_object_mut() {
                Some(map) => map.extend(value.as_object().unwrap().clone()),
                None => infrastructure["environments"][name][key] = value.clone(),
            }
        }
    }
    said_of(&infrastructure)
}

fn said_of(infrastructure: &Value) -> Vec<String> {
    match shared_names(infrastructure, "staging", &Overrides::default()) {
        none if none.is_empty() => Vec::new(),
        problems => said(problems),
    }
}

#[test]
fn a_name_that_two_environments_would_share_is_refused_with_the_place_and_both_ways_out() {
    let told = told(json!({}), json!({}), json!({}));
    assert_eq!(told.len(), 1, "{told:?}");
    for part in [
        "infrastructure:services:web: would be registered as web in the Consul http://127.0.0.1:8500",
        "the environment production",
        "consul_name: \"{service}-{environment}\"",
        "consul_name: \"{service}\"",
    ] {
        assert!(told[0].contains(part), "{part}: {told:?}");
    }
}

#[test]
fn a_name_is_shared_if_the_pillar_says_so_and_free_if_nothing_is_shared() {
    let nothing = || json!({});
    let service = |keys: Value| json!({ "services": { "web": keys } });
    let settings = |keys: Value| json!({ "settings": keys });
    let same_place = settings(json!({ "nomad": { "namespace": "staging" } }));
    for (what, settings, staging, production) in [
        ("asked", json!({ "consul_name": "{service}" }), nothing(), nothing()),
        ("apart", json!({ "consul_name": "{service}-{environment}" }), nothing(), nothing()),
        ("asked of one service", nothing(), service(json!({ "consul_name": "{service}" })), nothing()),
        ("named", nothing(), service(json!({ "registration": { "name": "web" } })), nothing()),
        ("another name", nothing(), nothing(), service(json!({ "consul_name": "other" }))),
        (
            "another Consul",
            nothing(),
            nothing(),
            settings(json!({ "consul": { "address": "http://b.example:8500" } })),
        ),
        ("one job", nothing(), nothing(), same_place),
        ("disabled", nothing(), nothing(), service(json!({ "enabled": false }))),
        ("in Nomad", nothing(), service(json!({ "provider": "nomad" })), nothing()),
    ] {
        assert_eq!(told(settings, staging, production), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn another_service_and_another_registration_take_the_name_too() {
    let api = json!({ "services": {
        "web": { "enabled": false },
        "api": { "image": "x", "port": 1, "registrations": [{ "name": "web", "port": "http" }] },
    } });
    let told = told(json!({}), json!({}), api);
    assert!(
        told[0].contains("environments:production:services:api of the environment production"),
        "{told:?}"
    );
    // The namespaces of single services count.
    let one = |namespace: &str| json!({ "services": { "web": { "namespace": namespace } } });
    let infrastructure = json!({
        "services": { "web": { "image": "x", "port": 80 } },
        "environments": { "staging": one("a"), "production": one("b") },
    });
    assert_eq!(said_of(&infrastructure).len(), 1);
}
