//! A kept plan of a job that was registered again since.

use serde_json::json;

use crate::support::pair::pair;
use crate::support::world::World;
use crate::support::{Site, statuses};

#[test]
fn a_kept_plan_of_a_job_whose_count_was_changed_since_is_refused_as_moved_and_a_new_one_is_applied() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.infrastructure["settings"]["nomad"] = json!({ "address": pair.address() });
    site.infrastructure["services"]["scaled"] = json!({
        "driver": "mock_driver", "config": { "run_for": "1h" }, "replicas": 1, "cpu": 20, "memory": 20,
        "update": { "min_healthy_time": "100ms" },
    });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["nomad-scaled"], "applied", "{report:#}");
    site.infrastructure["services"]["scaled"]["memory"] = json!(21);
    let report = site.run("orchestrate", json!({ "test": true }));
    let notes = report["components"]["nomad-scaled"]["notes"].to_string();
    let change = "Nomad's plan for scaled changes task scaled: Resources.MemoryMB \\\"20\\\" → \\\"21\\\"";
    assert!(notes.contains(change), "{report:#}");
    let plan = || site.run("plan", json!({}))["plan_id"].as_str().unwrap().to_owned();
    let plan_id = plan();

    // An autoscaler calls the same address.
    let scale = json!({ "Count": 2, "Target": { "Group": "scaled" } }).to_string();
    assert_eq!(pair.nomad.call("POST", "/v1/job/scaled/scale", &scale).0, 200);
    let report = site.run("apply", json!({ "plan_id": plan_id }));
    let error = &report["components"]["nomad-scaled"]["error"];
    assert_eq!((&error["code"], &error["phase"]), (&json!("plan_moved"), &json!("planning")), "{report:#}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("job scaled in namespace default was registered again"), "{message}");
    assert!(error["remedy"].as_str().unwrap().starts_with("make a new plan: "), "{error:#}");
    let job = pair.nomad.get("/v1/job/scaled").unwrap();
    assert_eq!(job["TaskGroups"][0]["Count"], 2);
    assert_eq!(job["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"], 20);

    let report = site.run("apply", json!({ "plan_id": plan() }));
    assert_eq!(statuses(&report)["nomad-scaled"], "applied", "{report:#}");
}
