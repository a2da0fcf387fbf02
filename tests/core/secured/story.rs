//! A service from its first apply to its end, with the policies of the documentation.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bench::Bench;
use crate::support::policies::Policies;
use crate::support::waiting::until;

#[test]
fn a_service_lives_with_exactly_the_rights_that_the_documentation_names() {
    let Some(mut bench) = Bench::new("whole") else { return };
    let accessors = |bench: &Bench| {
        let (_, said) = bench.servers.vault.call("LIST", "/v1/auth/token/accessors", "");
        let keys = serde_json::from_str::<Value>(&said).unwrap()["data"]["keys"].take();
        serde_json::from_value::<BTreeSet<String>>(keys).unwrap()
    };
    bench.allowed(&Policies::of_the_page(), "all");
    let tokens = accessors(&bench);
    let doctor = bench.doctor();
    let bad = |check: &&Value| check["status"] == "wrong";
    let checks = doctor["checks"].as_array().unwrap();
    assert_eq!(checks.iter().filter(bad).collect::<Vec<_>>(), Vec::<&Value>::new(), "{doctor:#}");
    let rights = checks.iter().filter(|check| check["name"] == "rights");
    assert!(rights.clone().count() >= 3 && rights.clone().all(|check| check["status"] == "ok"), "{doctor:#}");

    bench.ends("applied");
    let consul = |bench: &Bench| bench.servers.consul.get("/v1/health/service/whole?passing").unwrap();
    assert_eq!(consul(&bench).as_array().unwrap().len(), 1);
    bench.ends("unchanged");

    bench.serves(json!({ "env": { "ROUND": "two" } }));
    let report = bench.ends("applied");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
    let drift = |bench: &Bench| bench.of(&bench.site.run("drift", json!({})))["status"].clone();
    assert_eq!(drift(&bench), "unchanged");
    let scale = json!({ "Count": 2, "Target": { "Group": "whole" } }).to_string();
    assert_eq!(bench.nomad().call("POST", "/v1/job/whole/scale", &scale).0, 200);
    assert_eq!(drift(&bench), "drifted");
    bench.serves(json!({ "env": { "ROUND": "three" } }));
    bench.ends("applied");

    let bad = json!({
        "args": ["-c", "import sys; sys.exit('the words ' + 'of the task')"], "on_failure": "rollback",
        "restart": { "attempts": 0, "mode": "fail" },
        "update": { "min_healthy_time": "100ms", "healthy_deadline": "4s", "progress_deadline": "5s" },
    });
    bench.serves(bad);
    let report = bench.orchestrate();
    let failed = bench.of(&report);
    assert_eq!((&report["result"], &failed["status"]), (&json!(false), &json!("rolled_back")), "{report:#}");
    assert!(report.to_string().contains("the words of the task"), "{report:#}");
    let env = &bench.job().unwrap()["TaskGroups"][0]["Tasks"][0]["Env"];
    assert_eq!(env["ROUND"], "three");

    bench.destroy();
    until("it is purged", || bench.job().is_none().then_some(()));
    assert_eq!(bench.nomad().get("/v1/var/nomad/jobs/whole"), None);
    until("Consul has forgotten it", || (consul(&bench) == json!([])).then_some(()));
    let left: Vec<String> = accessors(&bench).difference(&tokens).cloned().collect();
    assert_eq!(left, Vec::<String>::new(), "tokens are left in Vault");
    assert_eq!(bench.servers.consul.get("/v1/session/list"), Some(json!([])));
}
