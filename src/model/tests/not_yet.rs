use serde_json::{Value, json};

use super::{pillar, problems};

/// One problem, at this place, that says "not yet".
fn refused(infrastructure: &Value, place: &str) {
    let said = problems(infrastructure);
    let expected = format!("infrastructure:{place}: not yet: ");
    assert!(said.len() == 1 && said[0].starts_with(&expected), "{place} {said:?}");
}

#[test]
fn parts_of_a_service_that_are_not_built_yet_are_refused_by_name() {
    let mut infrastructure = pillar(json!({}), json!({}));
    infrastructure["services"] = json!({ "jenkins": { "image": "x", "secrets": { "a": "env:A" } } });
    refused(&infrastructure, "services:jenkins:secrets");
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
