//! The keys of a service beyond its image, port and resources: what Nomad registers for them.

use serde_json::{Value, json};

use super::{generate, parsed, refusals, site};
use crate::support::pair::pair;
use crate::support::world::World;

/// Nearly all keys that a job of type service can have.
fn rich() -> Value {
    json!({
        "driver": "mock_driver", "config": { "run_for": "1h" }, "replicas": 1, "cpu": 20, "memory": 20,
        "memory_max": 64, "ports": { "http": {}, "admin": { "to": 81, "host_network": "loopback" } },
        "provider": "nomad", "tags": ["a"],
        "check": [
            {
                "type": "https", "path": "/", "port": "admin", "header": { "X-Y": ["a ${b}", "c"], "Z": "z" },
                "method": "POST", "body": "%{x}", "tls_skip_verify": true,
                "check_restart": { "limit": 3, "grace": "10s" },
            },
            { "type": "tcp", "interval": "5s" },
        ],
        "registration": { "name": "keyed-there", "canary_tags": ["canary"] },
        "registrations": [{
            "name": "keyed-admin", "port": "admin", "provider": "nomad", "meta": { "a": "b" },
            "check": { "path": "/health" },
        }],
        "templates": [
            { "data": "a ${b} {{ env \"C\" }} %{d}\n", "destination": "local/a", "perms": "0640", "change_mode": "signal",
              "change_signal": "SIGHUP", "wait": { "min": "1s", "max": "5s" } },
            { "source": "local/b.tpl", "destination": "local/b", "env": true, "change_mode": "noop" },
        ],
        "artifacts": { "source": "http://127.0.0.1:1/x?a=${b}", "options": { "checksum": "md5:d41d8cd98f00b204e9800998ecf8427e" }, "headers": { "A-B": "c" } },
        "user": "nobody", "kill_timeout": "7s", "kill_signal": "SIGTERM", "logs": { "max_files": 2, "max_file_size": 1 },
        "tasks": {
            "migrate": {
                "command": "/bin/true", "args": ["%{x}"], "lifecycle": { "hook": "prestart" },
                "env": { "A.b": "1" }, "cpu": 10, "memory": 10,
            },
            "log": { "driver": "mock_driver", "config": { "run_for": "1h" }, "lifecycle": { "hook": "poststart", "sidecar": true } },
        },
        "env": { "log4j.level-x": "info" },
        "affinity": { "attribute": "${node.datacenter}", "value": "dc1", "weight": -50 },
        "spread": [{ "attribute": "${node.datacenter}", "weight": 50, "targets": { "dc1": 70, "dc2": 30 } }],
        "reschedule": { "delay": "5s", "delay_function": "constant", "unlimited": true },
        "migrate": { "max_parallel": 2, "health_check": "task_states" },
        "disconnect": { "lost_after": "6h", "replace": true, "reconcile": "best_score" },
        "ephemeral_disk": { "size": 400, "sticky": true },
        "scaling": { "min": 1, "max": 3 }, "priority": 70, "node_pool": "all",
    })
}

/// A value in a document, by a path such as `A.0.B`.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .fold(value, |value, key| key.parse::<usize>().map_or_else(|_| &value[key], |index| &value[index]))
}

#[test]
fn each_key_is_registered_under_its_name_in_nomad() {
    let Some(pair) = pair() else { return };
    let report = generate(&site(json!({ "keyed": rich() })), "keyed");
    let job = parsed(&pair.nomad, report["job"].as_str().unwrap());
    assert_eq!(refusals(&pair.nomad, &job), Value::Null, "{job:#}");
    let second = 1_000_000_000_u64;
    for (path, expected) in [
        ("Priority", json!(70)),
        ("NodePool", json!("all")),
        ("Affinities.0.Weight", json!(-50)),
        ("Spreads.0.SpreadTarget.1", json!({ "Value": "dc2", "Percent": 30 })),
        ("TaskGroups.0.Scaling.Max", json!(3)),
        ("TaskGroups.0.ReschedulePolicy.DelayFunction", json!("constant")),
        ("TaskGroups.0.Migrate.HealthCheck", json!("task_states")),
        ("TaskGroups.0.Disconnect.Reconcile", json!("best_score")),
        ("TaskGroups.0.EphemeralDisk.SizeMB", json!(400)),
        ("TaskGroups.0.Networks.0.DynamicPorts.0.HostNetwork", json!("loopback")),
        ("TaskGroups.0.Services.0.Name", json!("keyed-there")),
        ("TaskGroups.0.Services.0.CanaryTags", json!(["canary"])),
        ("TaskGroups.0.Services.0.Checks.0.Protocol", json!("https")),
        ("TaskGroups.0.Services.0.Checks.0.PortLabel", json!("admin")),
        ("TaskGroups.0.Services.0.Checks.0.Header", json!({ "X-Y": ["a ${b}", "c"], "Z": ["z"] })),
        ("TaskGroups.0.Services.0.Checks.0.Body", json!("%{x}")),
        ("TaskGroups.0.Services.0.Checks.0.CheckRestart.Grace", json!(10 * second)),
        ("TaskGroups.0.Services.0.Checks.1.Type", json!("tcp")),
        ("TaskGroups.0.Services.1.Name", json!("keyed-admin")),
        ("TaskGroups.0.Services.1.Checks.0.Path", json!("/health")),
        ("TaskGroups.0.Tasks.0.Templates.0.EmbeddedTmpl", json!("a ${b} {{ env \"C\" }} %{d}\n")),
        ("TaskGroups.0.Tasks.0.Templates.0.Perms", json!("0640")),
        ("TaskGroups.0.Tasks.0.Templates.0.ChangeSignal", json!("SIGHUP")),
        ("TaskGroups.0.Tasks.0.Templates.0.Wait.Max", json!(5 * second)),
        ("TaskGroups.0.Tasks.0.Templates.1.SourcePath", json!("local/b.tpl")),
        (
            "TaskGroups.0.Tasks.0.Artifacts.0.GetterOptions",
            json!({ "checksum": "md5:d41d8cd98f00b204e9800998ecf8427e" }),
        ),
        ("TaskGroups.0.Tasks.0.Artifacts.0.GetterHeaders", json!({ "A-B": "c" })),
        ("TaskGroups.0.Tasks.0.Resources.MemoryMaxMB", json!(64)),
        ("TaskGroups.0.Tasks.0.User", json!("nobody")),
        ("TaskGroups.0.Tasks.0.KillTimeout", json!(7 * second)),
        ("TaskGroups.0.Tasks.0.LogConfig.MaxFiles", json!(2)),
        ("TaskGroups.0.Tasks.0.Env", json!({ "log4j.level-x": "info" })),
        ("TaskGroups.0.Tasks.1.Lifecycle.Sidecar", json!(true)),
        ("TaskGroups.0.Tasks.2.Lifecycle.Hook", json!("prestart")),
        ("TaskGroups.0.Tasks.2.Config.args", json!(["%%{x}"])),
        ("TaskGroups.0.Tasks.2.Env", json!({ "A.b": "1" })),
    ] {
        assert_eq!(*at(&job, path), expected, "{path}: {job:#}");
    }
    let main = report["files"]["main.tf"].as_str().unwrap();
    assert!(main.contains("preserve_counts = true"), "{main}");
    assert!(report["files"]["outputs.tf"].as_str().unwrap().contains("job_id"));
}

#[test]
fn jobs_of_every_kind_run_and_stay_unchanged() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let ends = |kind: &str, more: Value| {
        let mut service = json!({
            "driver": "mock_driver", "config": { "run_for": "10ms" }, "cpu": 20, "memory": 20, "type": kind,
            "env": { "a.b-c": "%{x}" },
        });
        service.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        service
    };
    let mut site = site(json!({
        "nightly": ends("batch", json!({ "periodic": { "crons": ["0 3 * * *"], "prohibit_overlap": true, "time_zone": "UTC" } })),
        "asked": ends("sysbatch", json!({
            "parameterized": { "payload": "optional", "meta_required": ["who"] }, "dispatch_payload": { "file": "in" },
        })),
        "everywhere": ends("sysbatch", json!({})),
        "beside": {
            "driver": "mock_driver", "config": { "run_for": "1h" }, "replicas": 1, "cpu": 20, "memory": 20,
            "update": { "min_healthy_time": "0s" }, "templates": { "data": "x", "destination": "local/x" },
            "scaling": { "min": 1, "max": 3 }, "user": "nobody",
            "tasks": { "first": { "driver": "mock_driver", "config": { "run_for": "10ms" }, "lifecycle": { "hook": "prestart" } } },
        },
    }));
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": pair.address() });
    for status in ["applied", "unchanged"] {
        let report = site.run("orchestrate", json!({}));
        assert_eq!(report["result"], true, "{report:#}");
        let statuses = crate::support::statuses(&report);
        assert!(statuses.len() == 4 && statuses.values().all(|one| one == status), "{statuses:?}");
    }
    let job = |name: &str| pair.nomad.get(&format!("/v1/job/{name}")).unwrap();
    assert_eq!(job("nightly")["Periodic"]["TimeZone"], "UTC");
    assert_eq!(job("asked")["ParameterizedJob"]["MetaRequired"], json!(["who"]));
    assert_eq!(
        (&job("everywhere")["Type"], &job("everywhere")["TaskGroups"][0]["Tasks"][0]["Env"]["a.b-c"]),
        (&json!("sysbatch"), &json!("%{x}"))
    );
    assert_eq!(job("beside")["TaskGroups"][0]["Tasks"].as_array().unwrap().len(), 2);
    // An autoscaler changes the count. A later change of the pillar keeps it.
    let scale = json!({ "Count": 2, "Target": { "Group": "beside" } }).to_string();
    assert_eq!(pair.nomad.call("POST", "/v1/job/beside/scale", &scale).0, 200);
    let drift = site.run("drift", json!({ "components": ["nomad-beside"] }));
    assert_eq!(drift["components"]["nomad-beside"]["status"], "unchanged", "{drift:#}");
    let report = site.run("orchestrate", json!({ "components": ["nomad-beside"] }));
    assert_eq!(report["components"]["nomad-beside"]["status"], "unchanged", "{report:#}");
    site.infrastructure["services"]["beside"]["user"] = json!("root");
    let report = site.run("orchestrate", json!({ "components": ["nomad-beside"] }));
    assert_eq!(report["components"]["nomad-beside"]["status"], "applied", "{report:#}");
    assert_eq!(job("beside")["TaskGroups"][0]["Count"], 2);
}

#[test]
fn a_wrong_key_is_refused_with_its_place() {
    for (key, value, place, why) in [
        (
            "templates",
            json!([{ "data": "x", "destinaton": "local/x" }]),
            "templates:0:destinaton",
            "did you mean \"destination\"?",
        ),
        ("templates", json!([{ "data": "x" }]), "templates:0:destination", "is missing"),
        ("templates", json!([{ "destination": "x" }]), "templates:0", "needs data or source"),
        ("templates", json!({ "data": "x", "destination": "x", "perms": 420 }), "templates:perms", "octal"),
        (
            "templates",
            json!({ "data": "x", "destination": "x", "change_mode": "signal" }),
            "templates:change_signal",
            "is missing",
        ),
        (
            "templates",
            json!({ "source": "salt://../x", "destination": "x" }),
            "templates:source",
            "without the parts",
        ),
        (
            "templates",
            json!({ "source": "salt://a/b", "destination": "x" }),
            "templates:source",
            "there is no Salt",
        ),
        ("artifacts", json!([{ "destination": "x" }]), "artifacts:0:source", "is missing"),
        (
            "check",
            json!([{ "type": "grcp" }]),
            "check:0:type",
            "must be one of: http, https, tcp, grpc, script",
        ),
        ("check", json!({ "type": "script" }), "check:command", "is missing"),
        ("check", json!({ "type": "tcp", "header": { "A": "b" } }), "check:header", "only for an http check"),
        ("check", json!({ "path": "/", "check_restart": {} }), "check:check_restart:limit", "is missing"),
        ("check", json!({ "path": "/", "port": "admni" }), "check:port", "not one of ports"),
        ("registrations", json!([{ "name": "x" }]), "registrations:0:port", "is missing"),
        ("periodic", json!({ "cron": "@daily" }), "periodic", "only for a job of type: batch or sysbatch"),
        ("scaling", json!({ "min": 4, "max": 3 }), "scaling", "must not be less than min"),
        ("priority", json!(0), "priority", "from 1 to 32766"),
        ("memory_max", json!(10), "memory_max", "must not be less than memory"),
        ("affinity", json!({ "attribute": "x", "weight": 101 }), "affinity:weight", "from -100 to 100"),
        ("spread", json!({ "attribute": "x", "targets": { "a": 101 } }), "spread:targets:a", "from 0 to 100"),
        ("reschedule", json!({ "attempts": 1, "unlimited": true }), "reschedule", "exclude each other"),
        ("ephemeral_disk", json!({ "sise": 20 }), "ephemeral_disk:sise", "did you mean \"size\"?"),
        ("tasks", json!({ "web": { "command": "/bin/x" } }), "tasks:web", "the main task"),
        (
            "tasks",
            json!({ "side": { "lifecycle": { "hook": "prestrat" }, "command": "/x" } }),
            "tasks:side:lifecycle:hook",
            "must be one of",
        ),
        ("tasks", json!({ "side": {} }), "tasks:side", "nothing to run"),
        ("env", json!({ "1a": "x" }), "env:1a", "not begin with a digit"),
    ] {
        let mut service = json!({ "command": "/bin/x", "ports": { "http": {} } });
        service[key] = value;
        let report =
            site(json!({ "web": service })).run("module.generate_nomad_job", json!({ "service": "web" }));
        let message = report["error"]["message"].as_str().unwrap_or_else(|| panic!("{place}: {report:#}"));
        let lines: Vec<_> = message.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| *line == format!("infrastructure:services:web:{place}"));
        assert!(at.is_some_and(|at| lines[at + 1].contains(why)), "{place}: {message}");
    }
}
