//! A module that is broken after its apply is destroyed with the last applied configuration, and does not stop other
//! components.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const NET: &str = r#"
variable "cidr" { type = string }
variable "key" { sensitive = true }
resource "terraform_data" "net" { input = var.cidr }
resource "terraform_data" "secret" { input = sha256(var.key) }
output "id" { value = terraform_data.net.output }
"#;
const APP: &str = "variable \"net\" {}\nresource \"terraform_data\" \"app\" { input = var.net }\n";

/// Two applied components. `app` reads from `net`.
fn site() -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({ "variables": { "cidr": "10.0.0.0/16", "key": "hunter2hunter2" } }));
    site.component("app", APP, json!({ "from_outputs": { "net": "net.id" } }));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    site
}

fn module(site: &Site, name: &str) -> PathBuf {
    site.folder.path().join("modules").join(name)
}

fn write(site: &Site, name: &str, text: &str) {
    std::fs::write(module(site, name).join("main.tf"), text).unwrap();
}

fn destroy(site: &Site, more: Value) -> Value {
    let mut arguments = json!({ "confirm": "staging" });
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    site.run("destroy", arguments)
}

fn is_gone(site: &Site, name: &str) -> bool {
    let state = std::fs::read_to_string(site.workdir(name).join("terraform.tfstate")).unwrap();
    serde_json::from_str::<Value>(&state).unwrap()["resources"] == json!([])
}

/// Destroys everything. Checks that `net` was destroyed with its last applied configuration, and that its notes say so.
fn is_destroyed_as_applied(site: &Site) {
    let report = destroy(site, json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    assert!(is_gone(site, "net") && is_gone(site, "app"), "{report:#}");
    let notes = report["components"]["net"]["notes"].to_string();
    assert!(notes.contains("its last applied configuration is used"), "{report:#}");
    assert!(!report["components"]["app"]["notes"].to_string().contains("last applied"), "{report:#}");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
}

#[test]
fn a_module_that_terraform_refuses_is_destroyed_with_its_last_configuration() {
    for text in [
        format!("{NET}\nlocals {{ x = ( }}\n"),
        format!("{NET}\nresource \"terraform_data\" \"x\" {{ input = var.nowhere }}\n"),
        format!("{NET}\nmodule \"gone\" {{ source = \"./gone\" }}\n"),
    ] {
        let site = site();
        write(&site, "net", &text);
        is_destroyed_as_applied(&site);
    }
}

#[test]
fn an_unreadable_or_unfitting_module_is_destroyed_with_its_last_configuration() {
    let site_without = site();
    std::fs::remove_dir_all(module(&site_without, "net")).unwrap();
    is_destroyed_as_applied(&site_without);
    for text in [
        NET.replace("variable \"cidr\" { type = string }", "variable \"cidr\" { type = list(string) }"),
        NET.replace("cidr", "range"),
        format!("{NET}\nterraform {{\n  backend \"http\" {{}}\n}}\n"),
    ] {
        let site = site();
        write(&site, "net", &text);
        is_destroyed_as_applied(&site);
    }
}

#[test]
fn a_test_of_the_destroy_reports_it_too_and_changes_nothing() {
    let site = site();
    write(
        &site,
        "net",
        "resource \"terraform_data\" \"net\" { input = var.nowhere }\nvariable \"cidr\" {}\nvariable \"key\" {}\noutput \"id\" { value = 1 }\n",
    );
    let report = destroy(&site, json!({ "test": true }));
    assert_eq!(statuses(&report)["net"], "planned", "{report:#}");
    assert!(
        report["components"]["net"]["notes"].to_string().contains("its last applied configuration is used"),
        "{report:#}"
    );
    assert!(!is_gone(&site, "net") && !is_gone(&site, "app"));
}

#[test]
fn a_broken_module_stops_no_destruction_of_another() {
    let mut site = site();
    site.component("never", "variable \"v\" {}\n", json!({ "variables": { "other": 1 } }));
    site.component("nowhere", "", json!({}));
    std::fs::remove_dir_all(module(&site, "nowhere")).unwrap();
    std::fs::remove_dir_all(module(&site, "net")).unwrap();
    let refused = site.run("orchestrate", json!({}));
    assert_eq!(
        (&refused["result"], &refused["error"]["code"]),
        (&json!(false), &json!("invalid")),
        "{refused:#}"
    );
    let report = destroy(&site, json!({ "components": "app" }));
    assert_eq!(statuses(&report), [("app".into(), "destroyed".into())].into(), "{report:#}");
    assert!(is_gone(&site, "app") && !is_gone(&site, "net"));
    let named = destroy(&site, json!({ "components": "nowhere" }));
    assert_eq!(named["error"]["code"], "invalid", "what was never applied is refused by name: {named:#}");
    let report = destroy(&site, json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    assert!(is_gone(&site, "net"), "{report:#}");
}

#[test]
fn a_plan_of_such_a_destroy_is_saved_approved_and_applied() {
    let mut site = site();
    site.infrastructure["settings"]["policy"] = json!({ "protect": ["terraform_data.net"] });
    for (name, text) in
        [("app", format!("{APP}\nlocals {{ x = ( }}\n")), ("net", NET.replace("cidr", "range"))]
    {
        write(&site, name, &text);
        let plan = site.run("module.plan", json!({ "component": name, "destroy": true }));
        let plan_id = plan["plan_id"].as_str().unwrap_or_else(|| panic!("{plan:#}"));
        if name == "net" {
            let report = site.run("apply", json!({ "plan_id": plan_id }));
            assert_eq!(statuses(&report)[name], "blocked", "{report:#}");
            let report = site.run("approve", json!({ "plan_id": plan_id }));
            assert_eq!(report["result"], true, "{report:#}");
        }
        let report = site.run("apply", json!({ "plan_id": plan_id }));
        assert_eq!(statuses(&report)[name], "destroyed", "{report:#}");
        assert!(is_gone(&site, name));
    }
}

#[test]
fn a_failed_first_apply_is_destroyed_with_its_configuration() {
    let mut site = Site::new();
    let half = "resource \"terraform_data\" \"made\" { input = 1 }\n\
                resource \"terraform_data\" \"fails\" {\n  depends_on = [terraform_data.made]\n  provisioner \"local-exec\" {\n    command = \"exit 1\"\n  }\n}\n";
    site.component("net", half, json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], false);
    assert!(!is_gone(&site, "net"));
    write(&site, "net", "locals { x = ( }\n");
    let report = destroy(&site, json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    assert!(is_gone(&site, "net"), "{report:#}");
}
