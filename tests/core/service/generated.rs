//! The generated module, as Terraform reads it.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{generate, site};

#[test]
fn a_module_has_these_files_and_outputs_named_as_terraform_allows() {
    let site = site(json!({ "my-web": { "image": "x", "port": 80, "health_path": "/" } }));
    let report = generate(&site, "my-web");
    let files = report["files"].as_object().unwrap();
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["main.tf", "my-web.nomad.tpl", "outputs.tf", "variables.tf"]
    );
    let main = files["main.tf"].as_str().unwrap();
    for expected in ["purge_on_destroy = true", "detach = true", "${path.module}/my-web.nomad.tpl"] {
        assert!(main.contains(expected), "{main}");
    }
    let outputs = files["outputs.tf"].as_str().unwrap();
    for expected in ["output \"my_web_url\"", "output \"consul_service\"", "\"my-web.service.consul\""] {
        assert!(outputs.contains(expected), "{outputs}");
    }
}

#[test]
fn an_unknown_service_gets_a_suggestion() {
    let site = site(json!({ "jenkins": { "image": "x" } }));
    let report = site.run("module.generate_nomad_job", json!({ "service": "jenkns" }));
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("did you mean \"jenkins\"?"), "{message}");
}

#[test]
fn a_service_name_in_place_of_a_component_name_is_recognised() {
    let site = site(json!({ "web": { "image": "x" } }));
    let report = site.run("plan", json!({ "components": ["web"] }));
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("did you mean \"nomad-web\"?"), "{message}");
}

#[test]
fn a_call_can_add_to_a_service_of_the_pillar() {
    let site = site(json!({ "web": { "image": "x" } }));
    let arguments = json!({ "service": "web", "service_config": { "replicas": 9 } });
    let report = site.run("module.generate_nomad_job", arguments);
    assert!(report["job"].as_str().unwrap().contains("count = 9"), "{report:#}");
}

/// Terraform's error messages for a module's variables with these values.
fn refused(variables: &str, values: &Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("variables.tf"), variables).unwrap();
    std::fs::write(folder.path().join("terraform.tfvars.json"), values.to_string()).unwrap();
    let plan = Command::new("terraform")
        .args(["plan", "-no-color", "-input=false"])
        .current_dir(folder.path())
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(plan.stderr).unwrap()
}

#[test]
fn an_invalid_output_value_is_refused_by_the_variables_of_the_reading_module() {
    let site = site(json!({ "web": { "image": "x", "port": 80 } }));
    let report = generate(&site, "web");
    let variables = report["files"]["variables.tf"].as_str().unwrap();
    let good = json!({
        "cpu": 1, "memory": 10, "datacenters": ["a"], "env": {}, "image": "x", "meta": {}, "namespace": "n",
        "port": 1, "replicas": 0, "environment": "e", "deployment_id": "d",
    });
    assert_eq!(refused(variables, &good), "");
    for (name, bad, why) in [
        ("cpu", json!(0.5), "whole number of MHz"),
        ("memory", json!(9), "whole number of MB"),
        ("datacenters", json!([]), "one datacenter"),
        ("image", json!(""), "not be empty"),
        ("port", json!(65536), "1 to 65535"),
        ("replicas", json!(-1), "not negative"),
        ("env", json!({ "A": ["x"] }), "string required"),
        ("namespace", Value::Null, "null"),
    ] {
        let mut values = good.clone();
        values[name] = bad;
        let said = refused(variables, &values);
        assert!(said.contains(why) && said.contains(name), "{name}: {said}");
    }
}

#[test]
fn an_upstream_leads_to_the_name_that_the_service_has_in_the_consul_of_the_environment() {
    let mut site = site(json!({
        "db": { "image": "x", "port": 5432, "connect": true, "health_path": "/" },
        "front": { "image": "x", "port": 80, "health_path": "/", "connect": { "upstreams": [
            { "name": "db", "port": 5432 }, { "name": "legacy", "port": 5433 },
        ] } },
    }));
    let names = |site: &crate::support::Site| -> Vec<String> {
        let job = generate(site, "front")["job"].as_str().unwrap().to_owned();
        let names = job.lines().filter_map(|line| line.trim().strip_prefix("destination_name = "));
        names.map(|name| name.trim_matches('"').to_owned()).collect()
    };
    assert_eq!(names(&site), ["db", "legacy"]);
    site.infrastructure["settings"]["consul_name"] = json!("{service}-{environment}");
    assert_eq!(names(&site), ["db-staging", "legacy"]);
    site.infrastructure["services"]["db"]["consul_name"] = json!("data");
    assert_eq!(names(&site), ["data", "legacy"]);
}
