//! Health gates whose server does not answer, or denies the answer.

use serde_json::json;

use crate::support::ports::free_port;
use crate::support::server::Server;
use crate::support::{Site, statuses};

fn site(nomad: u16, deadline: &str, on_failure: &str) -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["nomad"] = json!({ "address": format!("http://127.0.0.1:{nomad}") });
    site.infrastructure["settings"]["consul"] = json!({ "address": format!("http://127.0.0.1:{nomad}") });
    let gate = json!({ "nomad": {
        "job": "x", "interval": "100ms", "min_healthy_time": 0, "healthy_deadline": deadline,
    } });
    let rest = json!({ "health": [gate], "on_failure": on_failure });
    site.component("web", "resource \"terraform_data\" \"x\" {\n  input = \"a\"\n}", rest);
    site
}

#[test]
fn an_unreachable_server_fails_the_gate_and_causes_no_rollback() {
    let port = free_port();
    let site = site(port, "1s", "rollback");
    let report = site.run("orchestrate", json!({}));
    let web = &report["components"]["web"];
    assert_eq!((&web["status"], &web["reason"]), (&json!("failed"), &json!("health_unknown")), "{report:#}");
    let message = web["error"]["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("the Nomad at http://127.0.0.1:{port} did not answer: Connection refused")),
        "{message}"
    );
    assert!(web["notes"].to_string().contains("not rolled back (unclear_failure)"), "{report:#}");
}

#[test]
fn a_server_that_denies_is_not_asked_until_the_deadline() {
    let Some(nomad) = Server::nomad_with(&json!({ "acl": { "enabled": true } })) else { return };
    let report = site(nomad.port, "1h", "stop").run("orchestrate", json!({}));
    let web = &report["components"]["web"];
    assert_eq!(web["reason"], "health_unknown", "{report:#}");
    assert!(web["error"]["message"].as_str().unwrap().contains("Permission denied"), "{report:#}");
}

#[test]
fn a_gate_on_a_job_of_no_component_follows_its_latest_registration() {
    let Some(pair) = super::servers::pair() else { return };
    pair.runs(&super::servers::Job::new("x").text(), "x");
    let report = site(pair.nomad.port, "1m", "stop").run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
}
