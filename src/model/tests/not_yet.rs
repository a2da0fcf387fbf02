use serde_json::{Value, json};

use super::{pillar, problems};

/// One problem, at this place, that says "not yet".
fn refused(infrastructure: &Value, place: &str) {
    let said = problems(infrastructure);
    let expected = format!("infrastructure:{place}: not yet: ");
    assert!(said.len() == 1 && said[0].starts_with(&expected), "{place} {said:?}");
}

#[test]
fn settings_that_are_not_built_yet_are_refused_by_name() {
    for (key, value) in
        [("credentials", json!({ "hcloud": "vault:secret/h" })), ("vault", json!({ "address": "http://x" }))]
    {
        refused(&pillar(json!({ key: value }), json!({})), &format!("settings:{key}"));
    }
    let env = json!({ "terraform": { "env": { "A": "vault:secret/a#b" } } });
    refused(&pillar(env, json!({})), "settings:terraform:env:A");
}

#[test]
fn parts_of_a_component_that_are_not_built_yet_are_refused_by_name() {
    for kind in ["consul", "nomad"] {
        let component = json!({ "source": "/m", "health": [{ kind: { "service": "x" } }] });
        let place = format!("components:net:health:0:{kind}");
        refused(&pillar(json!({}), json!({ "net": component })), &place);
    }
    for reference in ["vault:secret/a#b", "sdb://p/k"] {
        let component = json!({ "source": "/m", "secrets": { "a": reference } });
        refused(&pillar(json!({}), json!({ "net": component })), "components:net:secrets:a");
    }
}

#[test]
fn services_are_refused_at_either_level() {
    let services = json!({ "jenkins": { "image": "x" } });
    let mut infrastructure = pillar(json!({}), json!({}));
    infrastructure["services"] = services.clone();
    refused(&infrastructure, "services");
    let mut infrastructure = pillar(json!({}), json!({}));
    infrastructure["environments"]["staging"]["services"] = services;
    refused(&infrastructure, "environments:staging:services");
}

#[test]
fn parts_that_are_left_empty_are_fine() {
    let component = json!({
        "source": "/m", "health": [], "hooks": [], "data": [], "rollback": {}, "template": null, "policy": null,
    });
    let mut infrastructure = pillar(json!({ "nomad": null, "lock": {} }), json!({ "net": component }));
    infrastructure["services"] = json!({});
    assert_eq!(problems(&infrastructure), Vec::<String>::new());
}
