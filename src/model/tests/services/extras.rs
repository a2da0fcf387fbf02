//! Levels of `job`, and keys whose meaning only Nomad knows.

use serde_json::{Value, json};

use super::super::super::{Component, DriftPattern};
use super::{component, draft, name, service, shape, wrong};
use crate::model::service::{JobPart, Opaque, PartKind};

fn plain(part: &JobPart) -> Value {
    match &part.kind {
        PartKind::Leaf(Opaque(value)) => value.clone(),
        PartKind::List(items) => items.iter().map(plain).collect(),
        PartKind::Map(map) => map.iter().map(|(key, part)| (key.clone(), plain(part))).collect(),
    }
}

fn levels(common: Value, own: Value) -> Component {
    let service = |job: Value| json!({ "services": { "web": { "job": job } } });
    let mut infrastructure = service(common);
    infrastructure["services"]["web"]["image"] = json!("x");
    infrastructure["environments"] = json!({ "staging": service(own) });
    draft(&infrastructure).components[&name("nomad-web")].clone()
}

#[test]
fn in_job_the_more_specific_level_has_the_last_word_about_a_name() {
    let read = levels(
        json!({ "a": 1, "b": { "c": 1, "d": 2 }, "e": { "f": 1 }, "g!": [1], "h": [1], "i": { "j": 1 } }),
        json!({ "a": null, "b": { "c": null }, "e": null, "g": [2], "h!": [3], "i!": { "k": 2 } }),
    );
    let found: Value = shape(&read).parts.iter().map(|(key, part)| (key.clone(), plain(part))).collect();
    let expected = json!({
        "a": null, "b": { "c": null, "d": 2 }, "e": null, "g": [2], "h!": [3], "i!": { "k": 2 },
    });
    // `i!` replaces what the job has, so the other level says nothing more about it.
    assert_eq!(found, expected);
}

#[test]
fn the_name_of_a_registration_is_that_of_its_gate() {
    let read = component(json!({ "image": "x", "port": 1, "registration": { "name": "web-there" } }));
    assert_eq!(service(&read).registered_name(), "web-there");
    assert!(format!("{:?}", read.health).contains("web-there"), "{:?}", read.health);
}

#[test]
fn drift_leaves_the_count_of_a_service_with_scaling_to_an_autoscaler() {
    let ignored = |web: Value| component(web).drift.ignore;
    assert_eq!(ignored(json!({ "image": "x" })), []);
    let counted = DriftPattern::new("nomad_job.web.task_groups.count").unwrap();
    assert!(ignored(json!({ "image": "x", "scaling": { "max": 3 } })).contains(&counted));
}

#[test]
fn a_reference_in_a_part_of_a_job_is_refused_and_a_text_that_only_looks_like_one_is_not() {
    let secret = "vault:secret/web#token";
    let messages = wrong(json!({
        "image": "x", "port": 1, "tags": ["env:production"],
        "check": { "path": "/", "header": { "Authorization": [secret] } },
        "artifacts": [{ "source": "https://a.example", "headers": { "Authorization": secret } }],
        "templates": { "data": "sdb://kept/web", "destination": "local/a" },
        "tasks": { "other": { "image": "x", "artifacts": { "source": secret } } },
        "registration": { "canary_tags": ["env:staging"] }, "job": { "priority": secret },
    }));
    let places = [
        ":artifacts:0:headers:Authorization",
        ":check:header:Authorization:0",
        ":job:priority",
        ":tasks:other:artifacts:source",
        ":templates:data",
    ];
    let mut found: Vec<_> =
        messages.iter().filter_map(|one| Some(one.split_once(": is a reference")?.0)).collect();
    found.sort_unstable();
    assert_eq!((found.as_slice(), messages.len()), (&places[..], places.len()), "{messages:?}");
}
