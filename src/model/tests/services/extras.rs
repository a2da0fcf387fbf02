//! Levels of `job`, and keys whose meaning only Nomad knows.

use serde_json::{Value, json};

use super::super::super::{Component, DriftPattern, Overrides, ProbeSettings, ValueOrOutput, read};
use super::{component, draft, name, problems, service, shape, wrong};
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
        "a!": null, "b": { "c!": null, "d": 2 }, "e!": null, "g": [2], "h!": [3], "i!": { "k": 2 },
    });
    // Such a null has removed what the other level says. It is not idle if the generated job has no such name.
    // `i!` replaces what the job has, so the other level says nothing more about it.
    assert_eq!(found, expected);
}

#[test]
fn the_name_of_a_registration_is_that_of_its_gate() {
    let read = component(json!({ "image": "x", "port": 1, "registration": { "name": "web-there" } }));
    assert_eq!(service(&read).registered_name(), "web-there");
    assert!(format!("{:?}", read.health).contains("consul_service"), "{:?}", read.health);
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

/// The service `web` of the environment `eu_west`, with these keys and these settings.
fn named(settings: Value, web: Value) -> Component {
    let mut infrastructure = json!({ "settings": settings, "services": { "web": web }, "environments": { "staging": {}, "eu_west": {} } });
    infrastructure["services"]["web"]["image"] = json!("x");
    let (draft, problems) = read(&infrastructure, "eu_west", &Overrides::default());
    assert_eq!(problems, []);
    draft.unwrap().components[&name("nomad-web")].clone()
}

#[test]
fn the_name_in_consul_comes_from_the_service_or_else_from_the_settings() {
    let pattern = || json!({ "consul_name": "{service}-{environment}" });
    let in_consul = |settings: Value, mut web: Value| {
        web["port"] = json!(80);
        service(&named(settings, web)).consul_name().map(str::to_owned)
    };
    let nothing = || json!({});
    assert_eq!(in_consul(nothing(), nothing()).unwrap(), "web");
    // A name in DNS has no underscore.
    assert_eq!(in_consul(pattern(), nothing()).unwrap(), "web-eu-west");
    assert_eq!(in_consul(pattern(), json!({ "consul_name": "shop" })).unwrap(), "shop");
    let registration = json!({ "registration": { "name": "{environment}-there" } });
    assert_eq!(in_consul(pattern(), registration).unwrap(), "eu-west-there");
    assert_eq!(in_consul(pattern(), json!({ "provider": "nomad" })), None);
    assert_eq!(service(&named(pattern(), nothing())).consul_name(), None);
    let more =
        json!({ "port": 80, "registrations": [{ "name": "{service}-m-{environment}", "port": "http" }] });
    let read = named(nothing(), more);
    assert_eq!(shape(&read).extras.group.blocks[0].body.text("name"), Some("web-m-eu-west"));
    let mesh = json!({ "port": 80, "connect": { "upstreams": [{ "name": "db-{environment}", "port": 1 }] } });
    assert_eq!(shape(&named(pattern(), mesh)).mesh.as_ref().unwrap()[0].name, "db-eu-west");
}

#[test]
fn a_gate_about_the_service_follows_the_name_of_the_version_that_runs() {
    let gate = |service: &str| json!({ "image": "x", "port": 1, "consul_name": "web-there", "health": [{ "consul": { "service": service } }] });
    for (service, follows) in [("web", true), ("web-there", true), ("other", false)] {
        let read = component(gate(service));
        let follow =
            read.health.iter().filter(|gate| gate.outputs().any(|(_, own)| own.output == "consul_service"));
        let own = read.health.iter().filter(|gate| gate.kind() == "consul").count();
        assert_eq!((follow.count(), own), (1, if follows { 1 } else { 2 }), "{service}");
    }
}

#[test]
fn a_wrong_name_in_consul_is_refused_with_its_place() {
    let web = |keys: Value| {
        let mut web = json!({ "image": "x", "port": 80 });
        web.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        web
    };
    let long = "x".repeat(64);
    for (keys, path, part) in [
        (json!({ "consul_name": "{servce}" }), "consul_name", "no other braces"),
        (json!({ "consul_name": "a_b" }), "consul_name", "letters, digits and '-'"),
        (json!({ "consul_name": long }), "consul_name", "64 characters"),
        (json!({ "consul_name": "a", "provider": "nomad" }), "consul_name", "registration: {name: ...}"),
        (json!({ "consul_name": "a", "registration": { "name": "b" } }), "consul_name", "exclude each other"),
        (json!({ "consul_name": "a", "port": null }), "consul_name", "needs a registered port"),
        (json!({ "registration": { "name": "{x}" } }), "registration:name", "no other braces"),
    ] {
        let messages = wrong(web(keys));
        assert!(
            messages.iter().any(|one| one.starts_with(&format!(":{path}")) && one.contains(part)),
            "{path}: {messages:?}"
        );
    }
    let said = problems(
        &json!({ "settings": { "consul_name": "{environment}" }, "environments": { "staging": {} } }),
    );
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("infrastructure:settings:consul_name: must contain {service}"), "{said:?}");
}

#[test]
fn the_name_of_a_service_of_the_environment_means_its_name_in_consul_in_upstreams_and_gates() {
    let infrastructure = json!({
        "settings": { "consul_name": "{service}-{environment}" },
        "services": {
            "db": { "image": "x", "port": 1 },
            "own": { "image": "x", "port": 1, "provider": "nomad" },
            "web": { "image": "x", "port": 1, "connect": { "upstreams": [
                { "name": "db", "port": 1 }, { "name": "legacy", "port": 2 }, { "name": "own", "port": 3 },
                { "name": "db-{environment}", "port": 4 },
            ] } },
        },
        "components": { "net": { "source": "/m", "health": [
            { "consul": { "service": "db" } }, { "consul": { "service": "legacy" } },
        ] } },
        "environments": { "staging": {} },
    });
    let read = draft(&infrastructure);
    let mesh = shape(&read.components[&name("nomad-web")]).mesh.clone().unwrap();
    let names: Vec<_> = mesh.iter().map(|upstream| upstream.name.as_str()).collect();
    // What no service of the environment has in Consul stays as it is written.
    assert_eq!(names, ["db-staging", "legacy", "own", "db-staging"]);
    let gates = &read.components[&name("net")].health;
    let asked: Vec<_> = gates
        .iter()
        .map(|gate| match &gate.probe {
            ProbeSettings::Consul(probe) => probe.service.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let literal = |name: &str| ValueOrOutput::Literal(name.to_owned());
    assert_eq!(asked, [literal("db-staging"), literal("legacy")]);
}

#[test]
fn a_service_in_the_mesh_that_nothing_checks_gets_a_note_with_its_place() {
    let note = |more: Value| {
        let mut web = json!({ "image": "x", "port": 1, "connect": true });
        web.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        super::super::super::unchecked_in_mesh(&component(web))
    };
    let found = note(json!({})).unwrap();
    assert!(found.starts_with("infrastructure:services:web:connect: the service has no check"), "{found}");
    let part = |check: Value| json!({ "job": { "group": { "web": { "service": [{ "check": check }] } } } });
    for unchecked in
        [json!({ "check": [] }), part(json!(null)), json!({ "job": { "meta": { "a": "check" } } })]
    {
        assert!(note(unchecked.clone()).is_some(), "{unchecked}");
    }
    for checked in [
        json!({ "connect": false }),
        json!({ "health_path": "/" }),
        json!({ "check": { "type": "script", "command": "/bin/true", "task": "web" } }),
        part(json!({ "type": "script" })),
    ] {
        assert_eq!(note(checked.clone()), None, "{checked}");
    }
}
