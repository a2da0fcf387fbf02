//! Claims about plans that a call made with its own values: they are applied by their id, as they were shown.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const MODULE: &str = r#"
variable "names" { type = set(string) }
variable "text" { type = string }
variable "pin" {
  type      = any
  sensitive = true
}
resource "terraform_data" "name" {
  for_each = var.names
  input    = each.key
}
resource "terraform_data" "text" { input = { text = var.text, pin = var.pin } }
"#;
const PIN: &str = "pin-7d1f0c5e";
const TOKEN: &str = "token-98ab3321";

/// A site whose pillar gives no value to `text` and `pin`.
fn site() -> Site {
    let mut site = Site::new();
    site.component("c", MODULE, json!({ "variables": { "names": ["a", "b"] } }));
    site
}

fn given() -> Value {
    json!({ "text": "given", "pin": [PIN, 7], "names": ["a", "b"] })
}

fn plan(site: &Site) -> String {
    plan_with(site, &given())
}

fn plan_with(site: &Site, variables: &Value) -> String {
    let planned = site.run("module.plan", json!({ "component": "c", "variables": variables }));
    assert_eq!(planned["status"], "planned", "{planned:#}");
    planned["plan_id"].as_str().unwrap().to_owned()
}

fn apply(site: &Site, plan_id: &str) -> Value {
    site.run("module.apply", json!({ "component": "c", "plan_file": plan_id }))
}

fn of_plan(site: &Site, plan_id: &str, end: &str) -> PathBuf {
    site.folder.path().join("root/staging/.eos/plans").join(plan_id).join(format!("c.{end}"))
}

fn input(site: &Site, name: &str) -> Value {
    let state = std::fs::read(site.workdir("c").join("terraform.tfstate")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let one = state["resources"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    one["instances"][0]["attributes"]["input"]["value"].clone()
}

/// The files below the root that contain one of these texts, except states.
fn files_with(site: &Site, texts: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![site.folder.path().join("root")]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && !path.to_string_lossy().contains("tfstate") {
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                found.extend(texts.iter().any(|one| text.contains(one)).then_some(path));
            }
        }
    }
    // A snapshot contains the state from before an apply.
    found.retain(|path| !path.to_string_lossy().contains("/objects/"));
    found
}

#[test]
fn a_plan_with_values_of_its_call_is_applied_by_its_id_alone() {
    for operation in ["module.apply", "apply"] {
        let site = site();
        let plan_id = plan(&site);
        let arguments = match operation {
            "apply" => json!({ "plan_id": plan_id }),
            _ => json!({ "component": "c", "plan_file": plan_id }),
        };
        let applied = site.run(operation, arguments);
        assert_eq!(
            (&applied["result"], &statuses(&applied)["c"][..]),
            (&json!(true), "applied"),
            "{applied:#}"
        );
        assert_eq!(input(&site, "text"), json!({ "text": "given", "pin": [PIN, 7] }));
        assert!(!applied.to_string().contains(PIN), "{applied:#}");
    }
}

#[test]
fn the_values_of_a_plan_are_sealed_with_the_plan_itself() {
    let site = site();
    let plan_id = plan(&site);
    assert_eq!(files_with(&site, &[PIN]), Vec::<PathBuf>::new());
    let sealed = std::fs::read_to_string(of_plan(&site, &plan_id, "given.json")).unwrap();
    assert!(!sealed.contains("given") && !sealed.contains("text"), "{sealed}");
    // Neither another plan nor another key opens it. Two plans of the same values in one second can be the same bytes.
    let other = plan_with(&site, &json!({ "text": "other", "pin": [PIN, 7], "names": ["a", "b"] }));
    std::fs::copy(of_plan(&site, &plan_id, "given.json"), of_plan(&site, &other, "given.json")).unwrap();
    let refused = apply(&site, &other);
    assert_eq!(refused["error"]["code"], "plan_moved", "{refused:#}");
    let key = site.folder.path().join("root/staging/.eos/key");
    std::fs::write(key, [1; 32]).unwrap();
    assert_eq!(apply(&site, &plan_id)["error"]["code"], "plan_moved");
    assert!(!site.workdir("c").join("terraform.tfstate").exists());
}

#[test]
fn a_call_can_repeat_the_values_of_a_plan_but_not_change_them() {
    let site = site();
    let plan_id = plan(&site);
    let with = |variables: Value| {
        site.run("module.apply", json!({ "component": "c", "plan_file": plan_id, "variables": variables }))
    };
    let refused = with(json!({ "text": "other" }));
    assert_eq!(refused["error"]["code"], "plan_moved", "{refused:#}");
    assert_eq!(with(json!({ "text": "given" }))["result"], true);
}

#[test]
fn a_plan_with_values_that_is_too_old_is_made_again_with_them() {
    let site = site();
    let plan_id = plan(&site);
    let file = of_plan(&site, &plan_id, "json");
    let mut stored: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    stored["made"] = json!("2001-01-01T00:00:00Z");
    std::fs::write(&file, stored.to_string()).unwrap();
    let applied = apply(&site, &plan_id);
    assert_eq!((&applied["result"], &applied["status"]), (&json!(true), &json!("applied")), "{applied:#}");
    assert_eq!(input(&site, "text")["text"], "given");
}

#[test]
fn what_policy_stops_in_a_state_or_an_ensure_is_approved_and_applied_with_the_values_of_the_call() {
    for (operation, key) in [("state.apply", "variables"), ("module.ensure_infrastructure", "desired_state")]
    {
        let site = site();
        let call = |names: Value| {
            let mut given = given();
            given["names"] = names;
            site.run(operation, json!({ "component": "c", key: given }))
        };
        assert_eq!(call(json!(["a", "b"]))["result"], true);
        let blocked = call(json!(["a"]));
        let plan_id = blocked["plan_id"].as_str().unwrap_or_else(|| panic!("{blocked:#}"));
        let approved = site.run("approve", json!({ "plan_id": plan_id }));
        assert_eq!(approved["result"], true, "{approved:#}");
        let applied = apply(&site, plan_id);
        assert_eq!(applied["status"], "applied", "{applied:#}");
        let again = call(json!(["a"]));
        let status = again["components"]["c"]["status"].as_str().or(again["status"].as_str());
        assert_eq!((status, &again["result"]), (Some("unchanged"), &json!(true)), "{again:#}");
        assert_eq!(files_with(&site, &[PIN]), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_reference_that_a_call_gives_is_read_again_when_its_plan_is_applied() {
    let site = site();
    let secret = site.folder.path().join("secret");
    std::fs::write(&secret, TOKEN).unwrap();
    let arguments = json!({
        "component": "c", "variables": { "text": "given" },
        "secrets": { "pin": format!("file:{}", secret.display()) },
    });
    let plan = || site.run("module.plan", arguments.clone())["plan_id"].as_str().unwrap().to_owned();
    let (first, second) = (plan(), plan());
    std::fs::write(&secret, "another value").unwrap();
    assert_eq!(apply(&site, &first)["error"]["code"], "plan_moved");
    std::fs::write(&secret, TOKEN).unwrap();
    let applied = apply(&site, &second);
    assert_eq!(applied["status"], "applied", "{applied:#}");
    assert_eq!((input(&site, "text")["pin"].clone(), files_with(&site, &[TOKEN])), (json!(TOKEN), vec![]));
}

#[test]
fn a_plan_of_an_earlier_version_has_no_values_and_is_still_applied() {
    let mut site = site();
    site.component("c", MODULE, json!({ "variables": given() }));
    let planned = site.run("plan", json!({}));
    let plan_id = planned["plan_id"].as_str().unwrap();
    assert!(!of_plan(&site, plan_id, "given.json").exists());
    assert_eq!(statuses(&site.run("apply", json!({ "plan_id": plan_id })))["c"], "applied");
}

#[test]
fn an_ephemeral_value_is_not_kept_and_has_to_be_given_again() {
    let mut site = site();
    let main = format!("{MODULE}variable \"token\" {{\n  type = string\n  ephemeral = true\n}}\n");
    site.component("c", &main, json!({}));
    let mut variables = given();
    variables["token"] = json!(TOKEN);
    let plan = site.run("module.plan", json!({ "component": "c", "variables": variables }));
    let plan_id = plan["plan_id"].as_str().unwrap_or_else(|| panic!("{plan:#}"));
    let refused = apply(&site, plan_id);
    assert_eq!(refused["error"]["code"], "missing_variable", "{refused:#}");
    let again = json!({ "component": "c", "plan_file": plan_id, "variables": { "token": TOKEN } });
    let applied = site.run("module.apply", again);
    assert_eq!(applied["status"], "applied", "{applied:#}");
    assert_eq!(files_with(&site, &[TOKEN, PIN]), Vec::<PathBuf>::new());
}
