//! Claims about whole runs, with a real terraform and without Salt.

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const NET: &str = r#"
variable "cidr" { type = string }
variable "environment" { type = string }
resource "terraform_data" "net" { input = "${var.environment}-${var.cidr}" }
output "id" { value = terraform_data.net.output }
output "key" {
  value     = "key-${var.cidr}"
  sensitive = true
}
"#;
const APP: &str = r#"
variable "net" { type = string }
variable "key" { sensitive = true }
resource "terraform_data" "app" { input = { net = var.net, key = var.key } }
output "seen" { value = var.net }
"#;

fn site() -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({ "variables": { "cidr": "10.0.0.0/16" } }));
    site.component("app", APP, json!({ "from_outputs": { "net": "net.id", "key": "net.key" } }));
    site
}

#[test]
fn outputs_feed_the_next_component_and_a_second_run_changes_nothing() {
    let site = site();
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    assert_eq!(
        statuses(&report),
        [("app".into(), "applied".into()), ("net".into(), "applied".into())].into()
    );
    assert_eq!(report["components"]["app"]["outputs"]["seen"], "staging-10.0.0.0/16");
    let again = site.run("orchestrate", json!({}));
    assert_eq!(again["result"], true, "{again:#}");
    assert!(statuses(&again).values().all(|status| status == "unchanged"), "{again:#}");
}

#[test]
fn a_sensitive_output_feeds_the_next_component_and_is_in_no_file_except_states() {
    let site = site();
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    assert!(!report.to_string().contains("key-10.0"), "{report:#}");
    let mut pending = vec![site.folder.path().to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => pending.push(path),
                kind if kind.is_file() && !path.to_string_lossy().contains("tfstate") => {
                    let bytes = std::fs::read(&path).unwrap();
                    let found = String::from_utf8_lossy(&bytes).contains("key-10.0");
                    assert!(!found, "{} holds the secret", path.display());
                }
                _ => {}
            }
        }
    }
    let state = std::fs::read_to_string(site.workdir("app").join("terraform.tfstate")).unwrap();
    assert!(state.contains("key-10.0"), "it did arrive");
}

#[test]
fn a_test_shows_the_change_and_its_dependents_and_changes_nothing() {
    let mut site = site();
    site.run("orchestrate", json!({}));
    let before = std::fs::read(site.workdir("net").join("terraform.tfstate")).unwrap();
    site.infrastructure["components"]["net"]["variables"]["cidr"] = json!("10.9.0.0/16");
    let report = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(report["result"], json!(null), "{report:#}");
    assert_eq!(
        statuses(&report),
        [("app".into(), "pending_inputs".into()), ("net".into(), "planned".into())].into()
    );
    let attributes = &report["components"]["net"]["resource_changes"][0]["attributes"];
    assert!(attributes.to_string().contains("staging-10.9.0.0/16"), "{report:#}");
    assert_eq!(std::fs::read(site.workdir("net").join("terraform.tfstate")).unwrap(), before);
}

#[test]
fn a_saved_plan_is_applied_exactly_or_refused_with_the_changes_since() {
    let mut site = site();
    site.run("orchestrate", json!({}));
    site.infrastructure["components"]["net"]["variables"]["cidr"] = json!("10.9.0.0/16");
    let plan = site.run("plan", json!({}));
    let plan_id = plan["plan_id"].as_str().unwrap().to_owned();

    site.infrastructure["components"]["net"]["variables"]["cidr"] = json!("10.8.0.0/16");
    let refused = site.run("apply", json!({ "plan_id": plan_id }));
    assert_eq!(refused["result"], false);
    assert!(refused.to_string().contains("the value of its variable"), "{refused:#}");

    site.infrastructure["components"]["net"]["variables"]["cidr"] = json!("10.9.0.0/16");
    // The plan contains its environment.
    let applied = site.run("apply", json!({ "plan_id": plan_id, "environment": null }));
    assert_eq!(applied["result"], json!(null), "{applied:#}");
    assert_eq!(
        statuses(&applied),
        [("app".into(), "pending_inputs".into()), ("net".into(), "applied".into())].into()
    );

    let twice = site.run("apply", json!({ "plan_id": plan_id }));
    assert!(twice.to_string().contains("was already applied by run"), "{twice:#}");
}

#[test]
fn a_failure_stops_dependents_and_keeps_completed_work() {
    let mut site = Site::new();
    let failing = r#"
resource "terraform_data" "good" {}
resource "terraform_data" "bad" {
  depends_on = [terraform_data.good]
  provisioner "local-exec" { command = "echo gone wrong >&2; exit 3" }
}
"#;
    site.component("base", failing, json!({}));
    site.component("top", "", json!({ "depends_on": ["base"] }));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], false);
    assert_eq!(report["retcode"], 1);
    assert_eq!(
        statuses(&report),
        [("base".into(), "failed".into()), ("top".into(), "skipped".into())].into()
    );
    let error = &report["components"]["base"]["error"];
    assert_eq!(error["details"]["addresses"], json!(["terraform_data.bad"]), "{error:#}");
    assert!(error["message"].as_str().unwrap().contains("exit status 3"), "{error:#}");
}

#[test]
fn a_deletion_is_blocked_until_policy_allows_it() {
    let mut site = Site::new();
    let two = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}";
    site.component("c", two, json!({}));
    site.run("orchestrate", json!({}));
    site.component("c", "resource \"terraform_data\" \"a\" {}", json!({}));
    let blocked = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&blocked)["c"], "blocked", "{blocked:#}");
    assert!(blocked.to_string().contains("terraform_data.b"));
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    let applied = site.run("orchestrate", json!({}));
    assert_eq!(applied["components"]["c"]["changes"]["remove"], 1, "{applied:#}");
}

#[test]
fn a_destroy_needs_the_environments_name_and_runs_in_reverse_order() {
    let site = site();
    site.run("orchestrate", json!({}));
    let refused = site.run("destroy", json!({}));
    assert!(refused.to_string().contains("confirm=staging"), "{refused:#}");
    let needed = site.run("destroy", json!({ "confirm": "staging", "components": "net" }));
    assert!(needed.to_string().contains("app depends on net"), "{needed:#}");
    let report = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(report["result"], true, "{report:#}");
    assert!(statuses(&report).values().all(|status| status == "destroyed"), "{report:#}");
    let again = site.run("destroy", json!({ "confirm": "staging" }));
    assert!(statuses(&again).values().all(|status| status == "unchanged"), "{again:#}");
}

#[test]
fn an_emptied_state_is_refused_before_everything_is_created_again() {
    let site = site();
    site.run("orchestrate", json!({}));
    let state = site.workdir("net").join("terraform.tfstate");
    for text in ["", "{ \"version\": 4, \"lineage\": \"other\", \"serial\": 1 }"] {
        std::fs::write(&state, text).unwrap();
        let report = site.run("orchestrate", json!({}));
        assert_eq!(report["components"]["net"]["error"]["code"], "state_empty", "{report:#}");
    }
    std::fs::write(&state, "{ \"version\": 4, ").unwrap();
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["components"]["net"]["error"]["code"], "state_corrupt", "{report:#}");
}

#[test]
fn configuration_changed_by_hand_is_refused_but_files_made_by_the_module_are_not() {
    let mut site = Site::new();
    let writes = r#"
resource "terraform_data" "a" {
  provisioner "local-exec" { command = "echo '# written by the module' > written.tf" }
}
"#;
    site.component("c", writes, json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["c"], "unchanged");
    std::fs::write(site.workdir("c").join("module/extra.tf"), "").unwrap();
    let report = site.run("orchestrate", json!({}));
    let error = &report["components"]["c"]["error"];
    assert_eq!(error["code"], "edited_by_hand", "{report:#}");
    assert!(error["message"].as_str().unwrap().contains("module/extra.tf"), "{error:#}");
}

#[test]
fn all_problems_are_reported_together_with_their_paths() {
    let mut site = site();
    site.infrastructure["settings"]["paralelism"] = json!(3);
    site.infrastructure["components"]["app"]["from_outputs"] =
        json!({ "net": "net.subnet", "nett": "net.id" });
    site.infrastructure["components"]["net"]["health"] = json!([{ "nomad": {} }]);
    let report = site.run("orchestrate", json!({}));
    let message = report["error"]["message"].as_str().unwrap();
    for part in [
        "infrastructure:settings:paralelism\n      unknown key; did you mean \"parallelism\"?",
        "infrastructure:components:app:from_outputs:net\n      net has no output 'subnet'; its outputs: id, \
         key",
        "infrastructure:components:app:from_outputs:nett\n      the module has no variable \"nett\"; did you mean \"net\"?",
        "infrastructure:components:net:health:0:nomad:job\n      is missing",
    ] {
        assert!(message.contains(part), "{part}\n\n{message}");
    }
    assert!(!site.folder.path().join("root").exists(), "nothing was run");
}

#[test]
fn components_removed_from_the_pillar_are_destroyed_by_name_with_their_last_configuration() {
    let mut site = site();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.infrastructure["components"] = json!({});
    let arguments = |name: &str, confirm: bool| {
        let confirm = if confirm { json!("staging") } else { json!(null) };
        json!({ "components": name, "confirm": confirm })
    };
    assert_eq!(site.run("destroy", arguments("app", false))["result"], false, "it asks for confirm");
    let needed = site.run("destroy", arguments("net", true));
    assert_eq!(needed["error"]["code"], "still_needed", "{needed:#}");
    let unknown = site.run("destroy", arguments("apps", true));
    assert_eq!(unknown["result"], false, "{unknown:#}");
    let done = site.run("destroy", arguments("app,net", true));
    assert_eq!(done["result"], true, "{done:#}");
    assert!(statuses(&done).values().all(|status| status == "destroyed"), "{done:#}");
    let state = std::fs::read(site.workdir("net").join("terraform.tfstate")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    assert_eq!(state["resources"], json!([]));
}
