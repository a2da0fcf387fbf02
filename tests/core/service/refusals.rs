//! What only Nomad knows to be wrong: it is told before anything changes, with the path of the key in the pillar.

use serde_json::{Value, json};

use super::site;
use crate::support::Site;
use crate::support::pair::{Pair, pair};
use crate::support::world::World;

fn service(more: &Value) -> Value {
    let mut service = json!({
        "driver": "mock_driver", "config": { "run_for": "1h" }, "replicas": 1, "cpu": 20, "memory": 20,
        "ports": { "http": {} },
    });
    for (key, value) in more.as_object().unwrap() {
        match value {
            Value::Null => drop(service.as_object_mut().unwrap().remove(key)),
            value => service[key] = value.clone(),
        }
    }
    service
}

fn with(pair: &Pair, world: &World, service: Value) -> Site {
    let mut site = site(json!({ "wrong": service }));
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": pair.address() });
    site
}

/// The message of `nomad_validate_job`.
fn told(site: &Site) -> String {
    let report = site.run("module.nomad_validate_job", json!({ "service": "wrong" }));
    report["error"]["message"].as_str().unwrap_or("Nomad accepts it").to_owned()
}

#[test]
fn each_fault_that_only_nomad_knows_leads_to_its_key() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let batch = |more: Value| {
        let mut keys = json!({ "type": "batch", "ports": null });
        keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        keys
    };
    let template = |more: Value| {
        let mut keys = json!({ "data": "x", "destination": "local/x" });
        keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "templates": keys })
    };
    let attribute = "${node.datacenter}";
    let mut wrong = Vec::new();
    for (keys, place, why) in [
        (batch(json!({ "periodic": { "crons": ["* * template"] } })), "periodic", "cron"),
        (
            batch(json!({ "periodic": { "cron": "@daily", "time_zone": "Moon/Sea" } })),
            "periodic",
            "time zone",
        ),
        (
            batch(json!({ "parameterized": { "meta_required": ["a"], "meta_optional": ["a"] } })),
            "parameterized",
            "disjoint",
        ),
        (json!({ "priority": 32000 }), "priority", "priority"),
        (json!({ "node_pool": "nowhere" }), "node_pool", "nowhere"),
        (
            json!({ "affinity": { "attribute": attribute, "operator": "near", "value": "x" } }),
            "affinity",
            "near",
        ),
        (
            json!({ "affinity": { "attribute": attribute, "operator": "semver", "value": "check" } }),
            "affinity",
            "check",
        ),
        (json!({ "affinity": { "attribute": attribute, "value": "x", "weight": 0 } }), "affinity", "zero"),
        (
            json!({ "spread": { "attribute": attribute, "weight": 50, "targets": { "a": 60, "b": 60 } } }),
            "spread",
            "120",
        ),
        (
            json!({ "constraints": [{ "attribute": attribute, "operator": "regexp", "value": "(" }] }),
            "constraints",
            "Regular expression",
        ),
        (json!({ "scaling": { "min": 2, "max": 3 } }), "scaling", "minimum count"),
        (json!({ "restart": { "attempts": 2, "interval": "1s" } }), "restart", "5s"),
        (json!({ "restart": { "attempts": 5, "interval": "10s", "delay": "5s" } }), "restart", "restart"),
        (json!({ "reschedule": { "delay": "1s", "unlimited": true } }), "reschedule", "5s"),
        (json!({ "reschedule": { "attempts": 3, "interval": "10s", "unlimited": false } }), "reschedule", ""),
        (
            json!({ "migrate": { "min_healthy_time": "10m", "healthy_deadline": "5m" } }),
            "migrate",
            "MinHealthyTime",
        ),
        (json!({ "logs": { "max_files": 10, "max_file_size": 100 } }), "logs", "log storage"),
        (json!({ "disconnect": { "lost_after": "1h", "stop_on_client_after": "1h" } }), "disconnect", ""),
        (template(json!({ "destination": "../../../x" })), "templates", "escapes"),
        (
            template(json!({ "env": true, "change_mode": "signal", "change_signal": "SIGHUP" })),
            "templates",
            "signals",
        ),
        (template(json!({ "wait": { "min": "10s", "max": "5s" } })), "templates", "wait"),
        (
            json!({ "artifacts": { "source": "http://127.0.0.1/x", "options": { "checksum": "md5:x" } } }),
            "artifacts",
            "checksum",
        ),
        (
            json!({ "artifacts": { "source": "http://127.0.0.1/x", "destination": "../../../x" } }),
            "artifacts",
            "escapes",
        ),
        (
            json!({ "provider": "nomad", "check": { "type": "script", "command": "/bin/true" } }),
            "check",
            "script",
        ),
        (json!({ "provider": "nomad", "check": { "type": "grpc" } }), "check", "grpc"),
        (json!({ "check": { "path": "/", "interval": "500ms" } }), "check", "1s"),
        (json!({ "check": { "path": "/", "task": "nobody" } }), "check", "nobody"),
        (
            json!({ "leader": true, "tasks": { "side": { "command": "/bin/x", "leader": true } } }),
            "leader",
            "leader",
        ),
        (json!({ "ports": { "http": { "static": 8100 }, "b": { "static": 8100 } } }), "ports", "8100"),
        (json!({ "tasks": { "side": { "command": "/bin/x", "kill_timeout": "1h" } } }), "tasks:side", ""),
        (json!({ "kill_timeout": "1h" }), "kill_timeout", ""),
    ] {
        let message = told(&with(&pair, &world, service(&keys)));
        let expected = format!("infrastructure:services:wrong:{place}: ");
        if !message.contains(&expected) || !message.contains(why) {
            wrong.push(format!("{place}: {keys}: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_fault_leads_to_the_level_that_writes_its_key_in_the_run_too() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let mut site = with(&pair, &world, service(&json!({ "restart": { "attempts": 2, "interval": "1s" } })));
    site.infrastructure["environments"]["staging"] =
        json!({ "services": { "wrong": { "node_pool": "nowhere" } } });
    let report = site.run("orchestrate", json!({}));
    let error = &report["components"]["nomad-wrong"]["error"];
    assert_eq!(error["code"], "nomad_invalid", "{report:#}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("infrastructure:services:wrong:restart: "), "{message}");
    assert!(message.contains("nothing was changed"), "{message}");
    assert!(pair.nomad.get("/v1/job/wrong").is_none());
}

#[test]
fn every_fault_below_job_leads_into_the_pillar_even_if_nomads_parser_names_no_line() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let group = |inner: Value| json!({ "group": { "wrong": inner } });
    let task = |inner: Value| group(json!({ "task": { "wrong": inner } }));
    let mut wrong = Vec::new();
    for job in [
        json!({ "priorty": 50 }),
        json!({ "priority": "high" }),
        json!({ "priority": 101 }),
        json!({ "periodic": { "cron": "soon" } }),
        json!({ "update": { "max_parallel": "many" } }),
        json!({ "meta": [1] }),
        json!({ "datacenters": "dc1" }),
        json!({ "variable": { "x": {} } }),
        group(json!({ "count": "two" })),
        group(json!({ "restart": { "interval": "long" } })),
        group(json!({ "restart": { "interval": "1s" } })),
        group(json!({ "network": { "port": { "http": { "static": "x" } } } })),
        group(json!({ "network": { "mode": 7, "prot": {} } })),
        group(json!({ "service": { "name": "wrong", "check": { "type": "telepathy" } } })),
        group(json!({ "service": { "name": "wrong", "check": { "interval": "x" } } })),
        group(json!({ "task": { "wrong": [] } })),
        group(json!({ "task": { "side": {} } })),
        group(json!({ "task": [] })),
        group(json!({ "task": 7 })),
        task(json!({ "kill_timeout": "x" })),
        task(json!({ "template": { "data": "x" } })),
        task(json!({ "template": { "data": "x", "destination": "local/x", "change_mode": "dance" } })),
        task(json!({ "template": { "data": "x", "destination": "local/x", "wait": { "min": "x" } } })),
        task(json!({ "artifact": {} })),
        task(json!({ "artifact": { "source": "x", "options": 7 } })),
        task(json!({ "resources": { "cpu": "much" } })),
        task(json!({ "resources": { "device": { "gpu": { "count": "x" } } } })),
        task(json!({ "constraint": { "attribute": "${attr.x}", "operator": "regexp", "value": "(" } })),
        task(json!({ "vault": { "change_mode": "dance" } })),
        task(json!({ "identity": { "ttl": "x" } })),
        task(json!({ "logs": { "max_files": 0 } })),
        task(json!({ "env": 7 })),
        task(json!({ "config": 7 })),
        task(json!({ "lifecycle": { "hook": "never" } })),
        task(json!({ "volume_mount": { "volume": "lost", "destination": "/x" } })),
    ] {
        let site = with(&pair, &world, service(&json!({ "job": job })));
        let checked = told(&site);
        let report = site.run("orchestrate", json!({ "test": true }));
        let run = report["components"]["nomad-wrong"]["error"]["message"].as_str().unwrap_or("none");
        if [checked.as_str(), run].iter().any(|message| !message.contains("infrastructure:services:wrong")) {
            wrong.push(format!("{job}: {checked}; in the run: {run}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_removal_of_an_unknown_name_is_refused_and_one_that_finds_nothing_is_told() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let job = json!({
        "migrate": null,
        "group": { "wrong": {
            "restart": { "atempts": null },
            "task": { "wrong": { "leadr": null, "leader": null, "env": { "A": null, "LOG_LEVL": null } }, "sid": null },
        } },
    });
    let keys = json!({ "env": { "A": "a", "LOG_LEVEL": "info" }, "restart": { "attempts": 2 }, "job": job });
    let mut site = with(&pair, &world, service(&keys));
    let place = |below: &str| format!("infrastructure:services:wrong:job:group:wrong:{below}");
    let is_told = |message: &str| {
        for (below, name) in [("restart:atempts", "atempts"), ("task:wrong:leadr", "leadr")] {
            let expected = format!("{}: No argument or block type is named \"{name}\"", place(below));
            assert!(message.contains(&expected), "{expected}: {message}");
        }
        assert!(!message.contains("leader") && !message.contains("task:sid"), "{message}");
    };
    is_told(&told(&site));
    let report = site.run("orchestrate", json!({}));
    is_told(report["components"]["nomad-wrong"]["error"]["message"].as_str().unwrap());
    // Without Nomad, nobody knows which names it has.
    let validated = site.run("validate", json!({}));
    assert_eq!(validated["result"], true, "{validated:#}");
    let notes = validated["notes"]["nomad-wrong"].to_string().replace("\\\"", "\"");
    for expected in [
        format!(
            "{}: null removes nothing, because the job has no atempts here; did you mean \"attempts\"?",
            place("restart:atempts")
        ),
        format!("{}: null removes nothing, because the job has no leader here", place("task:wrong:leader")),
        format!(
            "{}: null removes nothing, because the job has no LOG_LEVL here; did you mean \"LOG_LEVEL\"?",
            place("task:wrong:env:LOG_LEVL")
        ),
        format!("{}: null removes nothing, because the job has no sid here", place("task:sid")),
        "infrastructure:services:wrong:job:migrate: null removes nothing".to_owned(),
    ] {
        assert!(notes.contains(&expected), "{expected}: {notes}");
    }
    assert!(!notes.contains("env:A:"), "{notes}");

    let group = &mut site.infrastructure["services"]["wrong"]["job"]["group"]["wrong"];
    group["restart"].as_object_mut().unwrap().remove("atempts");
    let task = group["task"]["wrong"].as_object_mut().unwrap();
    task.remove("leadr");
    task.remove("leader");
    task.insert("kill_timeout!".to_owned(), Value::Null);
    let checked = site.run("module.nomad_validate_job", json!({ "service": "wrong" }));
    assert_eq!(checked["valid"], true, "{checked:#}");
    let notes = checked["notes"].to_string();
    assert!(notes.contains("task:sid: null removes nothing") && !notes.contains("kill_timeout"), "{notes}");
}

#[test]
fn validate_and_a_run_tell_each_wrong_key_with_the_same_path_before_anything_starts() {
    let keys = json!({
        "repicas": 1, "templates": [{ "data": "x", "destinaton": "local/x" }], "kill_timeout": "soon",
        "priority": 0, "logs": { "max_files": 0 }, "image": "x", "command": "y",
        "check": { "path": "/", "command": "x", "port": "lost" },
    });
    let mut infrastructure = site(json!({}));
    infrastructure.infrastructure["services"] = json!({ "wrong": service(&keys) });
    let reports = ["validate", "orchestrate"].map(|operation| infrastructure.run(operation, json!({})));
    let problems = reports.map(|report| {
        assert_eq!(report["result"], false, "{report:#}");
        report["error"]["details"]["problems"].clone()
    });
    assert_eq!(problems[0], problems[1]);
    let found: Vec<_> =
        problems[0].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    let below = |place: &str| format!("infrastructure:services:wrong{place}");
    for place in [
        ":repicas",
        ":templates:0:destinaton",
        ":templates:0:destination",
        ":kill_timeout",
        ":priority",
        ":logs:max_files",
        ":check:command",
        ":check:port",
        "",
    ] {
        assert!(found.contains(&below(place).as_str()), "{place}: {found:#?}");
    }
}
