//! A reference is read where a reference is allowed, and refused where only a text is. So it never becomes the secret
//! by mistake.

use std::fs;

use serde_json::{Value, json};

use crate::support::Site;

const GRAFANA: &str = r#"
variable "password" {
  type      = string
  sensitive = true
}
variable "settings" {
  type      = map(any)
  default   = {}
  sensitive = true
}
variable "plain" { default = "" }
resource "terraform_data" "grafana" { input = nonsensitive(sha256(var.password)) }
output "length" { value = nonsensitive(length(var.password)) }
"#;

fn site() -> Site {
    let mut site = Site::new();
    site.component("grafana", GRAFANA, json!({ "variables": { "password": "of-the-pillar" } }));
    site
}

/// The problems of a call, each with its path.
fn problems(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = report["error"]["details"]["problems"].as_array();
    let all = all.unwrap_or_else(|| panic!("no problems in {report:#}"));
    all.iter().map(|one| (text(&one["path"]), text(&one["message"]))).collect()
}

#[test]
fn a_text_that_looks_like_a_reference_is_refused_for_a_sensitive_variable_and_not_shown() {
    let mut site = site();
    let pillar = "infrastructure:components:grafana:variables:";
    for text in [
        "vault:secret/canary#admin",
        "env:CANARY",
        "file:/canary",
        "sdb://canary/key",
        "vault:canary",
        " env:canary",
    ] {
        site.infrastructure["components"]["grafana"]["variables"] = json!({ "password": text });
        let report = site.run("validate", json!({}));
        let found = problems(&report);
        assert_eq!(found[0].0, format!("{pillar}password"), "{report:#}");
        assert!(found[0].1.contains("Move it to secrets: {password: "), "{report:#}");
        assert!(!report.to_string().to_lowercase().contains("canary"), "{report:#}");
    }
    let nested =
        json!({ "password": "x", "settings": { "a": { "b": ["x", "env:CANARY"] } }, "plain": "env:X" });
    site.infrastructure["components"]["grafana"]["variables"] = nested;
    let found = problems(&site.run("validate", json!({})));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, format!("{pillar}settings"));
    assert!(found[0].1.starts_with(".a.b[1] looks like a reference"), "{found:?}");
    // The same in the arguments of a call.
    let call = json!({ "component": "grafana", "variables": { "password": "vault:secret/canary#admin" } });
    let found = problems(&site.run("state.apply", call));
    assert!(found.iter().any(|(place, _)| place == "arguments:variables:password"), "{found:?}");
}

#[test]
fn a_call_passes_secrets_by_reference_and_a_file_may_contain_a_text_that_looks_like_one() {
    let site = site();
    let file = site.folder.path().join("password");
    fs::write(&file, "env:not-read-again").unwrap();
    let secrets = json!({ "password": format!("file:{}", file.display()) });
    let length = json!("env:not-read-again".len());
    let report = site.run("state.apply", json!({ "component": "grafana", "secrets": secrets }));
    assert_eq!(report["result"], true, "{report:#}");
    assert_eq!(report["components"]["grafana"]["outputs"]["length"], length);
    for operation in ["module.plan", "module.apply"] {
        let report = site.run(operation, json!({ "component": "grafana", "secrets": secrets }));
        assert_eq!(report["status"], "unchanged", "{report:#}");
    }
    let ensure = |secrets: &Value| {
        site.run("module.ensure_infrastructure", json!({ "component": "grafana", "secrets": secrets }))
    };
    assert_eq!(ensure(&secrets)["status"], "unchanged");
    assert_eq!(ensure(&secrets)["reason"], "same_fingerprint");
    fs::write(&file, "another").unwrap();
    assert_eq!(ensure(&secrets)["status"], "applied", "another value is another fingerprint");
    assert_eq!(ensure(&json!({}))["status"], "applied", "the pillar's value counts again");
}

#[test]
fn a_call_that_contains_a_plain_secret_is_refused_and_the_secret_is_not_shown() {
    let mut site = site();
    site.infrastructure["services"]["web"] = json!({ "image": "x", "port": 80 });
    let wrong = |component: &str, secrets: Value, variables: Value| {
        let call = json!({ "component": component, "secrets": secrets, "variables": variables });
        let report = site.run("module.apply", call);
        assert!(!report.to_string().contains("hunter2"), "{report:#}");
        problems(&report)
    };
    let found = wrong("grafana", json!({ "password": "hunter2" }), Value::Null);
    assert_eq!(found[0].0, "arguments:secrets:password");
    assert!(found[0].1.contains("must be a reference"), "{found:?}");
    assert_eq!(wrong("grafana", json!("hunter2"), Value::Null)[0].1, "must be a mapping");
    let twice = wrong("grafana", json!({ "password": "env:X" }), json!({ "password": "hunter2" }));
    assert!(twice[0].1.contains("set twice"), "{twice:?}");
    let service = wrong("nomad-web", json!({ "PASSWORD": "hunter2" }), Value::Null);
    assert_eq!(service[0].0, "arguments:secrets:PASSWORD");
}

#[test]
fn a_runner_refuses_a_secret_among_its_arguments_which_salt_would_save() {
    let site = site();
    for operation in ["plan", "orchestrate"] {
        let given =
            json!({ "components": ["grafana"], "variables": { "password": "canary", "plain": "open" } });
        let report = site.run(operation, given);
        let [(path, message)] = &problems(&report)[..] else { panic!("{report:#}") };
        assert_eq!(path, "arguments:variables:password");
        assert!(message.contains("secrets={password: env:NAME}"), "{message}");
        assert!(!report.to_string().contains("canary"), "{report:#}");
    }
    let report = site.run("plan", json!({ "components": ["grafana"], "variables": { "plain": "open" } }));
    assert_eq!(report["components"]["grafana"]["status"], "planned", "{report:#}");
}
