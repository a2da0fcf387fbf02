//! A component whose required variables come only from a Salt state. Operations that need them are refused for this
//! component alone.

use std::fs;

use serde_json::{Value, json};

use crate::support::world::World;
use crate::support::{Site, statuses};

const GRAFANA: &str = r#"
variable "password" {
  type      = string
  sensitive = true
}
variable "size" { type = number }
resource "terraform_data" "grafana" { input = nonsensitive(sha256(var.password)) }
resource "terraform_data" "size" { input = var.size }
output "url" { value = "http://grafana" }
"#;
const OTHER: &str = "resource \"terraform_data\" \"other\" { input = 1 }\n";
const CANARY: &str = "canary-of-the-state";

fn site(grafana: &str) -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    // The strictest setting for the other components.
    site.infrastructure["settings"]["on_failure"] = json!("rollback");
    site.component("grafana", grafana, json!({}));
    site.component("other", OTHER, json!({}));
    site
}

fn variables() -> Value {
    json!({ "password": CANARY, "size": 3 })
}

/// Applies the component as its Salt state does.
fn apply(site: &Site, given: Value) -> Value {
    let mut arguments = json!({ "component": "grafana" });
    arguments.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    let report = site.run("state.apply", arguments);
    assert_eq!(report["result"], true, "{report:#}");
    report
}

fn destroy(site: &Site) -> Value {
    site.run("destroy", json!({ "components": "grafana", "confirm": "staging" }))
}

fn one(report: &Value) -> &Value {
    &report["components"]["grafana"]
}

#[test]
fn an_operation_that_needs_missing_values_is_refused_for_this_component_only() {
    let mut site = site(GRAFANA);
    site.component("reader", "variable \"url\" {}", json!({ "from_outputs": { "url": "grafana.url" } }));
    let report = site.run("orchestrate", json!({}));
    let expected = [("grafana", "blocked"), ("other", "applied"), ("reader", "skipped")];
    assert_eq!(statuses(&report), expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into(), "{report:#}");
    assert_eq!((&one(&report)["reason"], &report["result"]), (&json!("missing_variable"), &json!(false)));
    let error = one(&report)["error"].to_string();
    for word in ["password", "size", "secrets", "state"] {
        assert!(error.contains(word), "{error}");
    }

    // A plan of the environment can be applied without this component.
    site.infrastructure["components"]["other"]["source"] =
        site.infrastructure["components"]["reader"]["source"].clone();
    site.infrastructure["components"]["other"]["variables"] = json!({ "url": "x" });
    let plan = site.run("plan", json!({}));
    assert_eq!(statuses(&plan)["grafana"], "blocked", "{plan:#}");
    let applied = site.run("apply", json!({ "plan_id": plan["plan_id"] }));
    assert_eq!(
        (statuses(&applied)["other"].as_str(), &applied["result"]),
        ("applied", &json!(false)),
        "{applied:#}"
    );
    assert_eq!(statuses(&applied)["grafana"], "blocked", "{applied:#}");
    assert_eq!(site.run("status", json!({}))["result"], true);
}

#[test]
fn validate_reports_missing_values_and_still_shows_the_order() {
    let site = site(GRAFANA);
    let report = site.run("validate", json!({}));
    assert_eq!(report["result"], false, "{report:#}");
    assert_eq!(one(&report)["reason"], "missing_variable", "{report:#}");
    let order = site.run("module.get_deployment_order", json!({}));
    assert_eq!((&order["result"], order["order"].is_array()), (&json!(true), true), "{order:#}");
}

#[test]
fn a_component_applied_by_a_state_is_read_checked_and_destroyed_without_its_secret() {
    let site = site(GRAFANA);
    apply(&site, json!({ "variables": variables() }));
    let of_it = json!({ "component": "grafana" });
    for question in ["module.get_outputs", "module.get_state", "module.get_resources", "module.detect_drift"]
    {
        let answer = site.run(question, of_it.clone());
        assert_eq!(answer["result"], true, "{question}: {answer:#}");
    }
    assert_eq!(site.run("outputs", json!({}))["outputs"]["grafana"], json!({ "url": "http://grafana" }));
    assert_eq!(site.run("status", json!({}))["components"]["grafana"]["status"], "applied");
    let drift = site.run("drift", json!({}));
    assert_eq!((&one(&drift)["status"], &drift["result"]), (&json!("unchanged"), &json!(true)), "{drift:#}");
    assert_eq!(one(&drift)["drift"]["configuration_changed"], false, "{drift:#}");
    assert!(one(&drift)["notes"].to_string().contains("not stored"), "{drift:#}");
    let alone = site.run("module.apply", json!({ "component": "other", "auto_approve": true }));
    assert_eq!(alone["status"], "applied", "{alone:#}");

    let test = site.run("destroy", json!({ "components": "grafana", "test": true }));
    assert_eq!(one(&test)["status"], "planned", "{test:#}");
    let gone = destroy(&site);
    assert_eq!((&one(&gone)["status"], &gone["result"]), (&json!("destroyed"), &json!(true)), "{gone:#}");
    assert!(one(&gone)["notes"].to_string().contains("null for password:"), "{gone:#}");
}

#[test]
fn a_secret_passed_by_reference_is_read_again_and_masked() {
    // The value would be shown, because the module does not mark it as sensitive.
    let leaky = GRAFANA.replace("sha256(var.password)", "var.password");
    let leaky = leaky + "output \"shown\" { value = nonsensitive(var.password) }\n";
    let site = site(&leaky);
    let file = site.folder.path().join("password");
    fs::write(&file, CANARY).unwrap();
    let secrets = json!({ "password": format!("file:{}", file.display()) });
    apply(&site, json!({ "variables": { "size": 3 }, "secrets": secrets }));
    for question in ["module.get_outputs", "module.get_state", "module.detect_drift"] {
        let answer = site.run(question, json!({ "component": "grafana" }));
        assert_eq!(answer["result"], true, "{answer:#}");
        assert!(!answer.to_string().contains(CANARY), "{question}: {answer:#}");
    }
    let drift = site.run("drift", json!({ "components": "grafana" }));
    assert_eq!(one(&drift)["notes"], Value::Null, "the value is read: a normal look");
    // A query needs no value.
    fs::remove_file(&file).unwrap();
    let answer = site.run("module.get_resources", json!({ "component": "grafana" }));
    assert_eq!(answer["result"], true, "{answer:#}");
    let gone = destroy(&site);
    assert_eq!(
        (&one(&gone)["status"], &one(&gone)["reason"]),
        (&json!("failed"), &json!("reference")),
        "{gone:#}"
    );
    fs::write(&file, CANARY).unwrap();
    let gone = destroy(&site);
    assert_eq!(one(&gone)["status"], "destroyed", "{gone:#}");
    assert_eq!(one(&gone)["notes"], Value::Null, "{gone:#}");
}

#[test]
fn a_destroy_without_its_secret_is_refused_alone_and_accepts_it_from_its_call() {
    let counted = format!(
        "{GRAFANA}resource \"terraform_data\" \"many\" {{\n  count = nonsensitive(length(var.password))\n}}\n"
    );
    let site = site(&counted);
    apply(&site, json!({ "variables": variables() }));
    assert_eq!(site.run("orchestrate", json!({ "components": "other" }))["result"], true);
    let gone = site.run("destroy", json!({ "confirm": "staging" }));
    let expected = [("grafana", "blocked"), ("other", "destroyed")];
    assert_eq!(statuses(&gone), expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into(), "{gone:#}");
    let error = &one(&gone)["error"];
    assert_eq!(error["code"], "missing_variable", "{gone:#}");
    assert!(
        error["remedy"].as_str().unwrap().contains("infrastructure.destroy staging components=grafana confirm=staging 'secrets={password: vault:mount/path#key}'"),
        "{gone:#}"
    );
    assert!(error["message"].as_str().unwrap().contains("count of resource terraform_data.many"), "{gone:#}");

    let file = site.folder.path().join("password");
    fs::write(&file, CANARY).unwrap();
    let secrets = json!({ "password": format!("file:{}", file.display()) });
    let call = json!({ "component": "grafana", "auto_approve": true, "secrets": secrets });
    let gone = site.run("module.destroy", call);
    assert_eq!(gone["status"], "destroyed", "{gone:#}");
    assert!(!gone.to_string().contains(CANARY), "{gone:#}");
}

#[test]
fn a_component_removed_from_the_pillar_is_destroyed_without_its_former_secret() {
    let mut site = site(GRAFANA);
    site.infrastructure["components"]["grafana"]["variables"] = variables();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.infrastructure["components"].as_object_mut().unwrap().remove("grafana");
    let gone = destroy(&site);
    assert_eq!(one(&gone)["status"], "destroyed", "{gone:#}");
}

#[test]
fn a_destroy_gets_the_values_of_a_failed_apply() {
    let failing = GRAFANA.to_owned()
        + "resource \"terraform_data\" \"bad\" {\n  input = var.size\n  provisioner \"local-exec\" { command = \"false\" }\n}\n\
           resource \"terraform_data\" \"sized\" { count = var.size }\n";
    let mut site = site(&failing);
    site.infrastructure["settings"]["on_failure"] = json!("stop");
    let failed = site.run("state.apply", json!({ "component": "grafana", "variables": variables() }));
    assert_eq!(one(&failed)["status"], "failed", "{failed:#}");
    let gone = destroy(&site);
    assert_eq!(one(&gone)["status"], "destroyed", "{gone:#}");
}

#[test]
fn a_change_outside_is_found_although_a_secret_is_stored_nowhere() {
    let Some(world) = World::new() else { return };
    let thing = "resource \"world_thing\" \"plain\" {\n  name = \"plain\"\n  body = \"one\"\n}\n";
    let module = world.provider("grafana") + GRAFANA + thing;
    let mut site = site(&module);
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    apply(&site, json!({ "variables": variables() }));
    let id = world.things().into_keys().next().unwrap();
    world.change(&id, "by hand");
    let drift = site.run("drift", json!({ "components": "grafana" }));
    assert_eq!(one(&drift)["status"], "drifted", "{drift:#}");
    let changes = one(&drift)["drift"]["changes"].as_array().unwrap();
    assert_eq!((changes.len(), &changes[0]["address"]), (1, &json!("world_thing.plain")), "{drift:#}");

    // Terraform evaluates outputs in a refresh too.
    let output = "output \"digest\" { value = nonsensitive(sha256(var.password)) }\n";
    site.component("grafana", &(module + output), json!({}));
    apply(&site, json!({ "variables": variables() }));
    let drift = site.run("drift", json!({}));
    let expected = [("grafana", "blocked"), ("other", "absent")];
    assert_eq!(statuses(&drift), expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into(), "{drift:#}");
    assert_eq!((&one(&drift)["reason"], &drift["result"]), (&json!("missing_variable"), &json!(false)));
    assert_eq!(one(&destroy(&site))["status"], "destroyed");
    assert_eq!(world.names(), Vec::<String>::new());
}
