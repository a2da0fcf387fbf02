//! One id connects a registration in Consul with the journal, the record, the report and the log of its run.

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::pair::{Pair, pair};
use crate::support::salt::Salt;
use crate::support::server::Server;
use crate::support::world::World;

/// The running allocations, and the deployment id of each registration in Consul.
fn running(nomad: &Server, consul: &Server) -> (Vec<String>, Vec<Value>) {
    let all = nomad.get("/v1/job/followed/allocations").unwrap();
    let runs = |one: &&Value| one["ClientStatus"] == "running" && one["DesiredStatus"] == "run";
    let mut ids: Vec<_> =
        all.as_array().unwrap().iter().filter(runs).map(|one| one["ID"].to_string()).collect();
    ids.sort_unstable();
    let registered = consul.get("/v1/health/service/followed?passing").unwrap();
    let of = |one: &Value| one["Service"]["Meta"]["deployment_id"].clone();
    (ids, registered.as_array().unwrap().iter().map(of).collect())
}

#[test]
fn one_id_leads_from_consul_to_the_record_the_journal_the_report_and_the_log() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let Pair { consul, nomad } = &*pair;
    let mut site = Site::new();
    let settings = &mut site.infrastructure["settings"];
    let address = format!("http://127.0.0.1:{}", consul.port);
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": pair.address() });
    settings["consul"] = json!({ "address": address });
    settings["lock"] = json!({ "type": "consul", "address": address });
    site.infrastructure["services"]["followed"] = json!({
        "command": "python3", "args": ["-m", "http.server", "${NOMAD_PORT_http}", "--bind", "127.0.0.1"],
        "ports": { "http": {} }, "check": { "type": "http", "path": "/", "interval": "1s", "timeout": "1s" },
        "replicas": 1, "cpu": 20, "memory": 32, "update": { "min_healthy_time": "100ms" }, "shutdown_delay": "0s",
        "health": [{ "consul": { "service": "followed", "interval": "200ms", "min_healthy_time": "200ms" } }],
    });
    let salt = Salt::well();
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");

    let id = report["components"]["nomad-followed"]["deployment_id"].as_str().unwrap().to_owned();
    let (before, told) = running(nomad, consul);
    assert_eq!(told, [json!(id)]);
    let (status, record) = consul.call("GET", "/v1/kv/terraform/staging/nomad-followed/record?raw", "");
    assert!(status == 200 && record.contains(&id), "{status} {record}");
    let run_id = report["run_id"].as_str().unwrap();
    let journal = site.folder.path().join(format!("root/staging/.eos/runs/{run_id}/journal.jsonl"));
    let journal = std::fs::read_to_string(journal).unwrap();
    assert!(journal.lines().any(|line| line.contains("nomad-followed") && line.contains(&id)), "{journal}");
    let said = format!("run {run_id}: nomad-followed: orchestrate of deployment {id}");
    assert!(salt.logged.borrow().contains(&said), "{:?}", salt.logged.borrow());

    // Scaling is another deployment, but it restarts no running task.
    site.infrastructure["services"]["followed"]["replicas"] = json!(2);
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let other = report["components"]["nomad-followed"]["deployment_id"].clone();
    let (after, told) = running(nomad, consul);
    assert!(other != json!(id) && told == [other.clone(), other], "{told:?}");
    assert!(after.len() == 2 && after.contains(&before[0]), "{before:?} {after:?}");
}
