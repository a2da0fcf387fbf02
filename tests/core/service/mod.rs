//! Claims about services: their jobs, that Nomad accepts them, and that they run.

mod adopted;
mod adopting;
mod artifacts;
mod checks;
mod cluster;
mod consul_names;
mod correlated;
mod generated;
mod golden;
mod hostile;
mod keys;
mod moved;
mod parts;
mod refusals;
mod refused;
mod running;
mod template;

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::server::Server;

/// A site with these services and nothing else.
fn site(services: Value) -> Site {
    let mut site = Site::new();
    site.infrastructure["services"] = services;
    site
}

/// The result of `generate_nomad_job` for a service. It must succeed.
fn generate(site: &Site, service: &str) -> Value {
    let report = site.run("module.generate_nomad_job", json!({ "service": service }));
    assert_eq!(report["result"], true, "{report:#}");
    report
}

/// The job as Nomad parses it.
fn parsed(nomad: &Server, job: &str) -> Value {
    let body = json!({ "JobHCL": job, "Canonicalize": true }).to_string();
    let (status, answer) = nomad.call("POST", "/v1/jobs/parse", &body);
    assert_eq!(status, 200, "{answer}\n{job}");
    serde_json::from_str(&answer).unwrap()
}

/// Nomad's validation errors for a job. The status is 200 in any case.
fn refusals(nomad: &Server, job: &Value) -> Value {
    let (status, answer) = nomad.call("PUT", "/v1/validate/job", &json!({ "Job": job }).to_string());
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str::<Value>(&answer).unwrap()["ValidationErrors"].clone()
}
