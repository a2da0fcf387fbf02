//! `job`: parts of Nomad's own job, merged into the generated one.

use serde_json::{Value, json};

use super::{generate, parsed, refusals, site};
use crate::support::Site;
use crate::support::pair::pair;
use crate::support::world::World;

/// Texts in which Terraform, the job's language or Nomad's templates could begin something.
const HOSTILE: &str =
    "a \"b\" ${upper(\"x\")} $${y} %{ if true } %%{z} {{ env \"e\" }} \\ ${NOMAD_ALLOC_ID} 100% $\n";

fn service() -> Value {
    json!({
        "command": "/bin/sleep", "args": ["$${x} %{y}", "1d"], "ports": { "http": {}, "admin": {} },
        "provider": "nomad", "check": { "type": "tcp" }, "env": { "A": "a", "B": "b", "C": "$${c} %{c}" },
        "restart": { "attempts": 2, "mode": "fail" }, "replicas": 1, "cpu": 20, "memory": 32,
        "constraints": [{ "attribute": "${attr.kernel.name}", "value": "linux" }],
        "secrets": { "TOKEN": "env:TOKEN" },
    })
}

/// The job that Nomad parses from a service with this `job`.
fn job(nomad: &crate::support::server::Server, more: &Value) -> Value {
    let mut service = service();
    service["job"] = more.clone();
    let report = generate(&site(json!({ "web": service })), "web");
    let job = parsed(nomad, report["job"].as_str().unwrap());
    assert_eq!(refusals(nomad, &job), Value::Null, "{job:#}");
    job
}

#[test]
fn a_part_is_merged_by_label_added_as_a_block_replaced_or_removed() {
    let Some(pair) = pair() else { return };
    let template = json!({ "data": "x", "destination": "local/a" });
    let job = job(
        &pair.nomad,
        &json!({
            "priority": 80, "meta": { "team": "core" }, "constraint": { "attribute": "${attr.cpu.arch}", "value": HOSTILE },
            "group": {
                "web": {
                    "restart": { "attempts": 5 },
                    "network": { "port": { "http": { "static": 20999 }, "admin": null, "extra": { "to": 81 } } },
                    "service": [{ "name": "web-admin", "port": "extra", "provider": "nomad" }, { "name": "web", "tags": ["t"] }],
                    "task": {
                        "web": {
                            "template!": [template], "leader": null, "kill_timeout": "7s",
                            "env": { "A": null, "B": HOSTILE, "D.e-f": "d" },
                            "config": { "nested": { "k": HOSTILE } },
                            "volume_mount": [],
                        },
                        "side": {
                            "driver": "raw_exec", "config": { "command": "/bin/sleep", "args": ["1d"] },
                            "lifecycle": { "hook": "prestart", "sidecar": true },
                        },
                    },
                },
            },
        }),
    );
    let group = &job["TaskGroups"][0];
    assert_eq!(
        (&job["Priority"], &job["Meta"]["team"], &job["Meta"]["managed_by"]),
        (&json!(80), &json!("core"), &json!("eos"))
    );
    assert_eq!(job["Constraints"][1]["RTarget"], HOSTILE);
    assert_eq!(job["Constraints"][0]["RTarget"], "linux");
    assert_eq!(group["RestartPolicy"]["Attempts"], 5);
    assert_eq!(group["RestartPolicy"]["Mode"], "fail");
    let ports = &group["Networks"][0];
    assert_eq!(ports["ReservedPorts"][0]["Value"], 20999);
    assert_eq!(
        (&ports["DynamicPorts"][0]["Label"], ports["DynamicPorts"].as_array().unwrap().len()),
        (&json!("extra"), 1)
    );
    let names: Vec<_> =
        group["Services"].as_array().unwrap().iter().map(|one| (&one["Name"], &one["Tags"])).collect();
    assert_eq!(names, [(&json!("web"), &json!(["t"])), (&json!("web-admin"), &Value::Null)]);
    let task = &group["Tasks"][0];
    assert_eq!(task["Env"], json!({ "B": HOSTILE, "C": "$${c} %{c}", "D.e-f": "d" }));
    assert_eq!(task["Templates"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&task["Templates"][0]["EmbeddedTmpl"], &task["KillTimeout"]),
        (&json!("x"), &json!(7_000_000_000_u64))
    );
    // The driver's settings are a template once more when the task starts.
    assert_eq!(task["Config"]["args"][0], "$$${x} %%{y}");
    let nested = task["Config"]["nested"]["k"].as_str().unwrap();
    assert!(nested.contains("%%{ if true }") && nested.contains("${NOMAD_ALLOC_ID}"), "{nested}");
    assert_eq!(
        (&group["Tasks"][1]["Name"], &group["Tasks"][1]["Lifecycle"]["Sidecar"]),
        (&json!("side"), &json!(true))
    );
}

#[test]
fn a_part_is_applied_unchanged_and_changed_as_terraform_writes_it() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let mut site = site(json!({ "parts": {
        "driver": "mock_driver", "config": { "run_for": "1h" }, "replicas": 1, "cpu": 20, "memory": 32,
        "update": { "min_healthy_time": "0s" }, "restart": { "attempts": 2 }, "env": { "A": HOSTILE },
        "job": { "group": { "parts": {
            "restart": { "attempts": 5 },
            "task": { "parts": { "template!": [{ "data": HOSTILE, "destination": "local/a" }], "leader": null, "env": { "B": HOSTILE } } },
        } } },
    } }));
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": pair.address() });
    let status = |site: &Site| {
        let report = site.run("orchestrate", json!({}));
        assert_eq!(report["result"], true, "{report:#}");
        report["components"]["nomad-parts"]["status"].clone()
    };
    assert_eq!(status(&site), "applied");
    let job = pair.nomad.get("/v1/job/parts").unwrap();
    let (group, task) = (&job["TaskGroups"][0], &job["TaskGroups"][0]["Tasks"][0]);
    assert_eq!(group["RestartPolicy"]["Attempts"], 5);
    assert_eq!(task["Templates"][0]["EmbeddedTmpl"], HOSTILE);
    assert_eq!(task["Env"], json!({ "A": HOSTILE, "B": HOSTILE }));
    assert_eq!(status(&site), "unchanged");

    // A new block begins on the line of its label.
    site.infrastructure["services"]["parts"]["job"]["group"]["parts"]["task"]["side"] =
        json!({ "config": {} });
    let checked = site.run("module.nomad_validate_job", json!({ "service": "parts" }));
    let message = checked["error"]["message"].as_str().unwrap();
    assert!(message.to_lowercase().contains("driver"), "{message}");
    let group = &mut site.infrastructure["services"]["parts"]["job"]["group"]["parts"];
    group["task"].as_object_mut().unwrap().remove("side");
    group["restrat"] = json!({ "attempts": 1 });
    group["restart"]["atempts"] = json!(1);
    group["task"]["parts"]["env"]["C"] = json!("c");
    let report = site.run("orchestrate", json!({}));
    let error = &report["components"]["nomad-parts"]["error"];
    let message = error["message"].as_str().unwrap();
    let other = "job:group:parts:restart:atempts: No argument or block type is named \"atempts\"";
    assert!(message.contains(other), "{message}");
    let expected = "infrastructure:services:parts:job:group:parts:restrat: No argument or block type is named \"restrat\"";
    assert_eq!((&error["code"], message.contains(expected)), (&json!("nomad_invalid"), true), "{report:#}");
    assert!(message.contains("nothing was changed"), "{message}");
    let checked = site.run("module.nomad_validate_job", json!({ "service": "parts" }));
    assert!(checked["error"]["message"].as_str().unwrap().contains(expected), "{checked:#}");
}

#[test]
fn what_a_part_may_not_say_is_refused_with_its_place() {
    for (part, place, why) in [
        (json!({ "type": "batch" }), "job:type", "use the key type"),
        (json!({ "namespace!": "x" }), "job:namespace!", "use the key namespace"),
        (json!({ "meta": { "component": "x" } }), "job:meta:component", "Eos uses"),
        (json!({ "priority": 1, "priority!": 2 }), "job:priority", "set twice"),
        (json!({ "group": { "web": { "//": "x" } } }), "job:group:web://", "not a name"),
        (json!({ "meta": { "${x}": "x" } }), "job:meta:${x}", "template would begin"),
        (json!({ "meta": { "a": "vault:secret/a#b" } }), "job:meta:a", "set it in secrets"),
        (json!({ "meta": { "a": "b\0" } }), "job:meta:a", "NUL"),
        (json!(["x"]), "job", "must be a mapping"),
    ] {
        let mut service = service();
        service["job"] = part;
        let report =
            site(json!({ "web": service })).run("module.generate_nomad_job", json!({ "service": "web" }));
        let message = report["error"]["message"].as_str().unwrap();
        let lines: Vec<_> = message.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| *line == format!("infrastructure:services:web:{place}"));
        assert!(at.is_some_and(|at| lines[at + 1].contains(why)), "{place}: {message}");
    }
}
