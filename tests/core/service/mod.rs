//! Claims about services: what they become, that Nomad takes it, and that it runs.

mod correlated;
mod generated;
mod golden;
mod hostile;
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

/// What `generate_nomad_job` says of a service, which is generated without a fault.
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

/// What Nomad has against it: the answer is a 200 either way.
fn refusals(nomad: &Server, job: &Value) -> Value {
    let (status, answer) = nomad.call("PUT", "/v1/validate/job", &json!({ "Job": job }).to_string());
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str::<Value>(&answer).unwrap()["ValidationErrors"].clone()
}
