//! Claims about warnings of Terraform and failed `check` blocks, with a real terraform.

use eos::view;
use serde_json::{Value, json};

use crate::support::world::World;
use crate::support::{Site, statuses};

/// `age` is what its check complains about.
const OLD: &str = r#"
variable "age" { type = number }
resource "terraform_data" "cert" { input = { age = var.age } }
check "young" {
  assert {
    condition     = terraform_data.cert.output.age < 5
    error_message = "it is ${terraform_data.cert.output.age} days old"
  }
}
"#;

fn site(age: u64) -> Site {
    let mut site = Site::new();
    for name in ["app", "net"] {
        site.component(name, OLD, json!({ "variables": { "age": age } }));
    }
    site
}

fn warnings<'a>(report: &'a Value, component: &str) -> &'a Value {
    &report["components"][component]["warnings"]
}

fn failed(age: u64) -> Value {
    json!({
        "summary": "Check block assertion failed", "detail": format!("it is {age} days old"), "check": "young",
        "place": "main.tf:6",
    })
}

#[test]
fn a_failed_check_is_reported_by_every_run_and_fails_none() {
    let site = site(9);
    let first = site.run("orchestrate", json!({}));
    assert_eq!((&first["result"], &first["retcode"]), (&json!(true), &json!(0)), "{first:#}");
    assert_eq!(*warnings(&first, "app"), json!([failed(9)]));
    let mut known = failed(9);
    known["stays"] = json!(true);
    for arguments in [json!({}), json!({ "test": true })] {
        let again = site.run("orchestrate", arguments);
        assert_eq!(again["result"], true, "{again:#}");
        assert_eq!(*warnings(&again, "app"), json!([known]));
    }
    let drift = site.run("drift", json!({}));
    assert_eq!(*warnings(&drift, "app"), json!([known]), "{drift:#}");
}

#[test]
fn a_new_warning_is_told_completely_and_one_that_stays_is_one_line_over_all_components() {
    let mut site = site(9);
    let first = view::text(&site.run("orchestrate", json!({})), false);
    let new =
        "\n  app, net: warning (check young, main.tf:6): Check block assertion failed: it is 9 days old\n";
    assert!(first.contains(new), "{first}");
    site.infrastructure["components"]["app"]["variables"]["age"] = json!(10);
    let again = view::text(&site.run("orchestrate", json!({})), false);
    let stays = "\n  app, net: still warns (check young, main.tf:6): Check block assertion failed: it is 10 days old; it is 9 \
                 days old\n";
    assert!(again.contains(stays), "{again}");
    assert_eq!(again.matches("Check block").count(), 1, "{again}");
}

#[test]
fn status_and_health_show_a_failed_check_and_health_is_decided_by_gates_alone() {
    let mut site = site(9);
    site.run("orchestrate", json!({}));
    for operation in ["status", "health"] {
        let report = site.run(operation, json!({}));
        assert_eq!(report["result"], true, "{report:#}");
        let text = view::text(&report, false);
        assert!(text.contains("app, net: still warns (check young"), "{text}");
    }
    site.infrastructure["components"]["app"]["variables"]["age"] = json!(1);
    site.run("orchestrate", json!({}));
    let status = site.run("status", json!({}));
    assert!(warnings(&status, "app").is_null(), "{status:#}");
    assert!(!warnings(&status, "net").is_null(), "{status:#}");
}

/// It reads a value that is secret. Terraform does not know this.
const TELLS: &str = r#"
variable "key" { type = string }
resource "terraform_data" "x" {}
check "key" {
  assert {
    condition     = var.key == ""
    error_message = "the key is ${var.key}, \u001b[31mred"
  }
}
"#;

#[test]
fn a_warning_shows_no_secret_and_no_control_character_and_its_record_contains_neither() {
    let mut site = Site::new();
    let gives = "output \"key\" {\n  value     = \"hunter2-of-net\"\n  sensitive = true\n}\n";
    site.component("net", gives, json!({}));
    site.component("app", TELLS, json!({ "from_outputs": { "key": "net.key" } }));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let shown = r"the key is (sensitive), \u001b[31mred";
    assert_eq!(warnings(&report, "app")[0]["detail"], shown, "{report:#}");
    let record =
        std::fs::read_to_string(site.folder.path().join("root/staging/.eos/components/app/record.json"))
            .unwrap();
    assert!(record.contains("Check block assertion failed"), "{record}");
    for told in
        [report.to_string(), view::text(&report, false), record, site.run("status", json!({})).to_string()]
    {
        assert!(!told.contains("hunter2") && !told.contains('\u{1b}'), "{told}");
    }
}

#[test]
fn every_other_warning_is_reported_with_its_place_also_if_the_plan_fails() {
    const QUOTED: &str =
        "resource \"terraform_data\" \"d\" {\n  lifecycle { ignore_changes = [\"input\"] }\n}\n";
    const FAILS: &str = "resource \"terraform_data\" \"f\" {\n  lifecycle {\n    precondition {\n      condition     = \
                         terraform_data.d.id == \"\"\n      error_message = \"no\"\n    }\n  }\n}\n";
    let mut site = Site::new();
    site.component("net", QUOTED, json!({}));
    site.component(
        "app",
        &format!("{QUOTED}data \"terraform_remote_state\" \"x\" {{\n  backend = \"local\"\n}}\n{FAILS}"),
        json!({}),
    );
    let report = site.run("orchestrate", json!({}));
    let quoted = |component| {
        let one = &warnings(&report, component)[0];
        assert_eq!(one["summary"], "Quoted references are deprecated", "{report:#}");
        assert_eq!(one["place"], "main.tf:2", "{report:#}");
    };
    quoted("net");
    assert_eq!(report["components"]["app"]["status"], "failed", "{report:#}");
    quoted("app");
}

#[test]
fn a_warning_of_init_is_reported_once() {
    let Some(world) = World::new() else { return };
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    let main = world
        .provider("c")
        .replace("provider \"world\" {\n", "provider \"world\" {\n  version = \"1.0.0\"\n");
    site.component("c", &(main + "resource \"world_thing\" \"x\" {\n  name = \"x\"\n}\n"), json!({}));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let found = warnings(&report, "c").as_array().unwrap();
    let summary = "Version constraints inside provider configuration blocks are deprecated";
    assert_eq!((found.len(), &found[0]["summary"]), (1, &json!(summary)), "{report:#}");
    let broken = world
        .provider("c")
        .replace("provider \"world\" {\n", "provider \"world\" {\n  version = \"2.0.0\"\n");
    site.component("c", &broken, json!({}));
    let refused = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&refused)["c"], "failed", "{refused:#}");
    assert_eq!(warnings(&refused, "c")[0]["summary"], summary, "only init has said it: {refused:#}");
}

#[test]
fn what_ensure_infrastructure_returns_has_the_warnings_with_and_without_a_run() {
    let site = site(9);
    let ensure = || site.run("module.ensure_infrastructure", json!({ "component": "app" }));
    let (first, second) = (ensure(), ensure());
    assert_eq!(first["warnings"], json!([failed(9)]), "{first:#}");
    assert_eq!(second["reason"], "same_fingerprint", "{second:#}");
    assert_eq!(second["warnings"][0]["stays"], true, "{second:#}");
}
