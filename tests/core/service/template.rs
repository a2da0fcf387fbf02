//! A service with the user's own template.

use serde_json::json;

use super::generate;
use crate::support::Site;
use crate::support::pair::pair;
use crate::support::world::World;

#[test]
fn a_users_template_is_part_of_the_module_and_a_missing_one_is_named() {
    let mut site = Site::new();
    let template = site.folder.path().join("web.nomad.tpl");
    site.infrastructure["services"]["web"] =
        json!({ "template": template, "variables": { "greeting": "hi" } });
    let report = site.run("module.generate_nomad_job", json!({ "service": "web" }));
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("services:web:template") && message.contains("does not exist"), "{message}");
    std::fs::write(&template, "job \"web\" { meta = { greeting = ${literal.greeting} } }\n").unwrap();
    let report = generate(&site, "web");
    assert!(report["files"]["web.nomad.tpl"].as_str().unwrap().contains("${literal.greeting}"));
    assert_eq!(report["job"], json!(null));
}

#[test]
fn a_users_template_gets_values_unchanged_and_as_literals() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let mut site = Site::new();
    let template = site.folder.path().join("web.nomad.tpl");
    let text = r#"
job "${service}-${environment}" {
  type = "batch"
  datacenters = ${jsonencode(datacenters)}
  meta = { greeting = ${literal.greeting}, zone = "${zone}" }
  group "web" {
    count = ${replicas}
    task "web" {
      driver = "mock_driver"
      config { run_for = "%{ if replicas > 1 }2s%{ else }1s%{ endif }" }
      env = ${literal.env}
    }
  }
}
"#;
    std::fs::write(&template, text).unwrap();
    site.component("dns", "output \"zone\" { value = \"z1\" }", json!({}));
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": pair.address() });
    site.infrastructure["services"]["templated"] = json!({
        "template": template, "variables": { "greeting": "a \"${b}\"" }, "from_outputs": { "zone": "dns.zone" },
        "env": { "A": "%{x}" }, "replicas": 2,
    });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let job = pair.nomad.get("/v1/job/templated-staging").unwrap();
    assert_eq!(job["Meta"], json!({ "greeting": "a \"${b}\"", "zone": "z1" }));
    assert_eq!(job["TaskGroups"][0]["Count"], 2);
    let task = &job["TaskGroups"][0]["Tasks"][0];
    assert_eq!((&task["Env"]["A"], &task["Config"]["run_for"]), (&json!("%{x}"), &json!("2s")));
    assert_eq!(report["components"]["nomad-templated"]["outputs"]["job_id"], "templated-staging");
}

#[test]
fn a_service_with_a_missing_template_is_destroyed_with_its_last_configuration() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let mut site = Site::new();
    let template = site.folder.path().join("gone.nomad.tpl");
    let text = "job \"${service}-${environment}\" {\n  type = \"batch\"\n  datacenters = ${jsonencode(datacenters)}\n  \
                group \"web\" {\n    task \"web\" {\n      driver = \"mock_driver\"\n      config { run_for = \"1s\" }\n    }\n  }\n}\n";
    std::fs::write(&template, text).unwrap();
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": pair.address() });
    site.infrastructure["services"]["gone"] = json!({ "template": template });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    std::fs::remove_file(&template).unwrap();
    let report = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(report["result"], true, "{report:#}");
    let notes = report["components"]["nomad-gone"]["notes"].to_string();
    assert!(
        notes.contains("its last applied configuration is used") && notes.contains("does not exist"),
        "{report:#}"
    );
    let job = pair.nomad.get("/v1/job/gone-staging");
    assert!(job.is_none_or(|job| job["Stop"] == true));
}
