//! The name of a service in Consul: its own in each environment, changed while it runs, and taken back.

use serde_json::{Value, json};

use crate::support::pair::{Pair, pair};
use crate::support::world::World;
use crate::support::{Site, statuses};

/// The running allocations, and the names under which Consul has passing instances.
fn found(pair: &Pair) -> (Vec<String>, Vec<&'static str>) {
    let all = pair.nomad.get("/v1/job/called/allocations").unwrap();
    let runs = |one: &&Value| one["ClientStatus"] == "running" && one["DesiredStatus"] == "run";
    let ids = all.as_array().unwrap().iter().filter(runs).map(|one| one["ID"].to_string()).collect();
    let passing = |name: &str| pair.consul.get(&format!("/v1/health/service/{name}?passing")).unwrap();
    let names = ["called", "called-staging"];
    (ids, names.into_iter().filter(|name| !passing(name).as_array().unwrap().is_empty()).collect())
}

#[test]
fn a_running_service_gets_another_name_in_consul_without_a_restart_and_a_rollback_the_earlier_one() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let mut site = Site::new();
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": pair.address() });
    settings["consul"] = json!({ "address": format!("http://127.0.0.1:{}", pair.consul.port) });
    site.infrastructure["services"]["called"] = json!({
        "command": "sleep", "args": ["600"], "ports": { "http": {} }, "replicas": 1, "cpu": 20, "memory": 32,
        "update": { "min_healthy_time": "100ms" }, "shutdown_delay": "0s",
        "health": [{ "consul": { "service": "called", "interval": "200ms", "min_healthy_time": "200ms" } }],
    });
    // The same service of an environment in another namespace of this Nomad.
    site.infrastructure["environments"]["production"] =
        json!({ "settings": { "nomad": { "namespace": "elsewhere" } } });
    for (operation, arguments) in
        [("validate", json!({})), ("orchestrate", json!({ "test": true })), ("orchestrate", json!({}))]
    {
        let report = site.run(operation, arguments);
        let problem = report["error"]["details"]["problems"][0]["message"].as_str().unwrap_or_default();
        assert!(problem.contains("as called in the Consul"), "{operation}: {report:#}");
    }
    assert!(pair.nomad.get("/v1/job/called").is_none());

    site.infrastructure["settings"]["consul_name"] = json!("{service}");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let (before, names) = found(&pair);
    assert_eq!(names, ["called"]);

    site.infrastructure["settings"]["consul_name"] = json!("{service}-{environment}");
    let report = site.run("orchestrate", json!({ "test": true }));
    let change = &report["components"]["nomad-called"]["resource_changes"][0];
    assert_eq!(change["actions"], json!(["update"]), "{report:#}");
    let said = change["attributes"].to_string();
    assert!(said.contains("\\\"called\\\"") && said.contains("called-staging"), "{change:#}");
    assert_eq!(found(&pair), (before.clone(), vec!["called"]));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["nomad-called"], "applied", "{report:#}");
    assert_eq!(found(&pair), (before.clone(), vec!["called-staging"]));
    let report = site.run("health", json!({}));
    assert_eq!(report["result"], true, "{report:#}");

    let report = site.run("rollback", json!({ "components": "nomad-called" }));
    assert_eq!(report["result"], true, "{report:#}");
    assert_eq!(found(&pair), (before, vec!["called"]));
    let report = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(report["result"], true, "{report:#}");
}
