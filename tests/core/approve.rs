//! Claims about plans that policy blocks: they are shown, approved by a person, and applied once, exactly as shown.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const A: &str = "resource \"terraform_data\" \"a\" {}\n";
const AB: &str = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n";
const SECRET: &str = "variable \"pin\" {\n  default = \"one\"\n  sensitive = true\n}\n\
                      resource \"terraform_data\" \"keeper\" { input = var.pin }\n";

/// A site that was applied with `a` and `b`, and whose pillar now has only `a`.
fn shrunk() -> Site {
    let mut site = Site::new();
    site.component("c", AB, json!({}));
    let up = site.run("orchestrate", json!({}));
    assert_eq!(up["result"], true, "{up:#}");
    site.component("c", A, json!({}));
    site
}

fn planned(site: &Site) -> String {
    let plan = site.run("plan", json!({}));
    assert_eq!(statuses(&plan)["c"], "blocked", "{plan:#}");
    plan["plan_id"].as_str().unwrap_or_else(|| panic!("no plan_id in {plan:#}")).to_owned()
}

fn approve(site: &Site, plan_id: &str) -> Value {
    site.run("approve", json!({ "plan_id": plan_id }))
}

fn apply(site: &Site, plan_id: &str) -> Value {
    site.run("apply", json!({ "plan_id": plan_id }))
}

fn control(site: &Site) -> PathBuf {
    site.folder.path().join("root/staging/.eos")
}

fn audit(site: &Site) -> Vec<Value> {
    let text = std::fs::read_to_string(control(site).join("audit.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Changes the saved plan, as if it had been made at this time.
fn made(site: &Site, plan_id: &str, at: &str) {
    let file = control(site).join("plans").join(plan_id).join("c.json");
    let mut plan: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    plan["made"] = json!(at);
    std::fs::write(file, plan.to_string()).unwrap();
}

/// The error's code of the report, or of component `c`.
fn code(report: &Value) -> &str {
    let error = [&report["error"], &report["components"]["c"]["error"]];
    error.iter().find_map(|error| error["code"].as_str()).unwrap_or_default()
}

#[test]
fn a_blocked_plan_is_applied_after_approval_and_only_once() {
    let site = shrunk();
    let plan_id = planned(&site);
    let blocked = apply(&site, &plan_id);
    assert_eq!((statuses(&blocked)["c"].as_str(), code(&blocked)), ("blocked", "destroys"), "{blocked:#}");
    let remedy = blocked["components"]["c"]["error"]["remedy"].as_str().unwrap();
    let parts =
        [&*format!("infrastructure.approve plan_id={plan_id}"), "infrastructure.apply", "allow_destroy"];
    let places = parts.map(|part| remedy.find(part).unwrap_or_else(|| panic!("{part} is not in {remedy}")));
    assert!(places.is_sorted(), "the approval comes first and the pillar last: {remedy}");
    // A message about the run has it, too.
    let command = format!("salt-run infrastructure.approve plan_id={plan_id}");
    assert_eq!(blocked["approve_command"], command, "{blocked:#}");
    let words = eos::view::text(&blocked, false);
    let about_policy = words.lines().filter(|line| line.starts_with("    ") || line.contains("to ap"));
    assert!(about_policy.count() <= 3, "{words}");

    let approved = approve(&site, &plan_id);
    assert_eq!((&approved["result"], &approved["retcode"]), (&json!(true), &json!(0)), "{approved:#}");
    assert_eq!(approved["components"]["c"]["resource_changes"][0]["address"], "terraform_data.b");
    let tested = site.run("apply", json!({ "plan_id": plan_id, "test": true }));
    assert_eq!(statuses(&tested)["c"], "planned", "{tested:#}");

    let applied = apply(&site, &plan_id);
    assert_eq!(statuses(&applied)["c"], "applied", "{applied:#}");
    assert_eq!(applied["components"]["c"]["changes"]["remove"], 1);
    assert!(applied["components"]["c"]["notes"].to_string().contains("approved by"), "{applied:#}");
    let again = apply(&site, &plan_id);
    assert_eq!(code(&again), "plan_spent", "{again:#}");
    assert_eq!(code(&approve(&site, &plan_id)), "plan_spent");
}

#[test]
fn a_plan_that_orchestrate_reports_as_blocked_is_saved_and_can_be_approved() {
    let site = shrunk();
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["c"], "blocked", "{report:#}");
    assert_eq!(report["plan_id"], report["run_id"]);
    let waiting = &site.run("status", json!({}))["waiting"];
    assert_eq!(waiting[0]["plan_id"], report["plan_id"], "{waiting:#}");
    let plan_id = report["plan_id"].as_str().unwrap();
    assert_eq!(approve(&site, plan_id)["result"], true);
    assert_eq!(statuses(&apply(&site, plan_id))["c"], "applied");
    assert_eq!(site.run("status", json!({}))["waiting"], json!([]));
    let test = shrunk().run("orchestrate", json!({ "test": true }));
    assert!(test["plan_id"].is_null(), "a test keeps nothing: {test:#}");
}

#[test]
fn a_protected_resource_is_destroyed_only_with_an_approval() {
    let mut site = shrunk();
    site.infrastructure["settings"]["policy"] =
        json!({ "allow_destroy": true, "protect": ["terraform_data.b"] });
    let plan_id = planned(&site);
    assert_eq!(code(&apply(&site, &plan_id)), "protected");
    approve(&site, &plan_id);
    assert_eq!(statuses(&apply(&site, &plan_id))["c"], "applied");
}

#[test]
fn a_protected_destroy_is_approved_and_runs_in_reverse_order() {
    let mut site = shrunk();
    site.component("c", AB, json!({}));
    site.component("d", A, json!({ "depends_on": ["c"] }));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.infrastructure["settings"]["policy"] = json!({ "max_destroys": 0 });
    let report = site.run("destroy", json!({ "confirm": "staging", "components": "d" }));
    assert_eq!(statuses(&report)["d"], "blocked", "{report:#}");
    let plan_id = report["plan_id"].as_str().unwrap();
    assert_eq!(approve(&site, plan_id)["result"], true);
    assert_eq!(statuses(&apply(&site, plan_id))["d"], "destroyed");
}

#[test]
fn an_approval_records_user_and_time_is_private_and_is_audited() {
    let site = shrunk();
    let plan_id = planned(&site);
    let run = approve(&site, &plan_id);
    let file = control(&site).join("plans").join(&plan_id).join("c.approval.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let approval: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(approval["by"]["run_id"], run["run_id"]);
    assert!(!approval["by"]["host"].as_str().unwrap().is_empty() && !approval["at"].is_null());
    let lines = audit(&site);
    assert_eq!((lines.len(), &lines[0]["did"], &lines[0]["approval"]), (1, &json!("approve"), &approval));
    let shown = site.run("show_run", json!({ "run_id": run["run_id"] }));
    let steps = shown["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["step"] == "approved").unwrap();
    assert_eq!((&step["plan_id"], &step["change_set"]), (&json!(plan_id), &approval["change_set"]));

    let written = std::fs::read(&file).unwrap();
    let twice = approve(&site, &plan_id);
    assert_eq!(twice["result"], true, "{twice:#}");
    assert!(twice["components"]["c"]["notes"].to_string().contains("already approved"), "{twice:#}");
    assert_eq!(std::fs::read(&file).unwrap(), written);
    assert_eq!(audit(&site).len(), 1);
    apply(&site, &plan_id);
    assert_eq!(audit(&site)[1]["did"], "apply_approved");
}

#[test]
fn an_approval_of_an_outdated_plan_is_refused_and_so_is_its_use() {
    let mut site = shrunk();
    let (early, late) = (planned(&site), planned(&site));
    approve(&site, &late);
    // Another run applies something, so the state is a different one.
    site.component("c", &(AB.to_owned() + "output \"x\" { value = 1 }\n"), json!({}));
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["c"], "applied");
    site.component("c", A, json!({}));
    for report in [approve(&site, &early), apply(&site, &late)] {
        assert_eq!(code(&report), "plan_moved", "{report:#}");
        assert!(report.to_string().contains("the state"), "{report:#}");
    }
}

#[test]
fn an_old_or_future_plan_is_made_again_and_applied_if_it_is_equal() {
    for (at, again) in
        [(None, false), (Some("2020-01-01T00:00:00Z"), true), (Some("2999-01-01T00:00:00Z"), true)]
    {
        let site = shrunk();
        let plan_id = planned(&site);
        if let Some(at) = at {
            made(&site, &plan_id, at);
        }
        approve(&site, &plan_id);
        let applied = apply(&site, &plan_id);
        assert_eq!(statuses(&applied)["c"], "applied");
        let run = control(&site).join("runs").join(applied["run_id"].as_str().unwrap());
        assert_eq!(run.join("c/plan.stdout").exists(), again, "{at:?}");
    }
}

#[test]
fn a_damaged_saved_plan_is_refused_by_name_and_a_new_one_can_be_made() {
    for name in ["c.json", "c.spent.json", "c.approval.json", "plan.json"] {
        let site = shrunk();
        let plan_id = planned(&site);
        approve(&site, &plan_id);
        std::fs::write(control(&site).join("plans").join(&plan_id).join(name), "").unwrap();
        let status = site.run("status", json!({}));
        assert_eq!(statuses(&status)["c"], "applied", "{status:#}");
        if name != "plan.json" {
            assert_eq!(status["waiting"][0]["error"]["code"], "file_corrupt", "{name}: {status:#}");
        }
        let refused = apply(&site, &plan_id);
        assert_eq!(code(&refused), "file_corrupt", "{name}: {refused:#}");
        assert!(refused.to_string().contains("make a new plan"), "{refused:#}");
        let plan_id = planned(&site);
        approve(&site, &plan_id);
        assert_eq!(statuses(&apply(&site, &plan_id))["c"], "applied");
    }
}

#[test]
fn another_configuration_with_the_same_changes_is_applied_under_the_same_approval() {
    let mut site = shrunk();
    let plan_id = planned(&site);
    approve(&site, &plan_id);
    site.component("c", &format!("# The same.\n{A}"), json!({}));
    assert_eq!(statuses(&apply(&site, &plan_id))["c"], "applied");
    assert_eq!(code(&apply(&site, &plan_id)), "plan_spent");
}

#[test]
fn a_different_change_set_needs_a_new_approval_and_the_report_shows_the_difference() {
    let mut site = shrunk();
    let plan_id = planned(&site);
    approve(&site, &plan_id);
    site.component("c", "", json!({}));
    let refused = apply(&site, &plan_id);
    assert_eq!(code(&refused), "plan_moved", "{refused:#}");
    let addresses = &refused["components"]["c"]["error"]["details"]["addresses"];
    assert_eq!(*addresses, json!(["terraform_data.a"]), "{refused:#}");
    // Nothing was done, and the approval is still valid for the approved plan.
    site.component("c", A, json!({}));
    assert_eq!(statuses(&apply(&site, &plan_id))["c"], "applied");
}

#[test]
fn a_change_in_a_masked_value_is_a_different_change_set() {
    let mut site = Site::new();
    site.component("c", &(SECRET.to_owned() + AB), json!({}));
    site.run("orchestrate", json!({}));
    site.component("c", &(SECRET.to_owned() + A), json!({ "variables": { "pin": "two" } }));
    let plan_id = planned(&site);
    approve(&site, &plan_id);
    site.infrastructure["components"]["c"]["variables"]["pin"] = json!("three");
    let refused = apply(&site, &plan_id);
    assert_eq!(code(&refused), "plan_moved", "{refused:#}");
    assert!(refused.to_string().contains("not shown"), "{refused:#}");
    assert!(!refused.to_string().contains("three") && !refused.to_string().contains("two"), "{refused:#}");
}

#[test]
fn an_approval_of_another_plan_does_not_count() {
    let site = shrunk();
    let (one, other) = (planned(&site), planned(&site));
    approve(&site, &one);
    let plans = control(&site).join("plans");
    std::fs::copy(plans.join(&one).join("c.approval.json"), plans.join(&other).join("c.approval.json"))
        .unwrap();
    let report = apply(&site, &other);
    assert_eq!((statuses(&report)["c"].as_str(), code(&report)), ("blocked", "destroys"), "{report:#}");
}

#[test]
fn a_failed_apply_has_used_its_approval() {
    let mut site = shrunk();
    let failing = "resource \"terraform_data\" \"bad\" {\n  depends_on = [terraform_data.a]\n  \
                   provisioner \"local-exec\" {\n    command = \"false\"\n  }\n}\n";
    site.component("c", &(A.to_owned() + failing), json!({}));
    let plan_id = planned(&site);
    approve(&site, &plan_id);
    assert_eq!(statuses(&apply(&site, &plan_id))["c"], "failed");
    assert_eq!(code(&apply(&site, &plan_id)), "plan_spent");
}

#[test]
fn bad_approvals_are_refused_clearly() {
    let mut site = shrunk();
    site.infrastructure["environments"]["production"] = json!({});
    let plan_id = planned(&site);
    let nowhere = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let refused = |arguments: Value, expected: &str| {
        let report = site.run("approve", arguments);
        assert_eq!((code(&report), &report["retcode"]), (expected, &json!(1)), "{report:#}");
        report["error"]["message"].to_string()
    };
    refused(json!({ "plan_id": nowhere }), "no_such_plan");
    refused(json!({ "plan_id": "../../etc" }), "invalid");
    refused(json!({}), "invalid");
    let elsewhere = refused(json!({ "plan_id": plan_id, "environment": "production" }), "invalid");
    assert!(elsewhere.contains("staging"), "{elsewhere}");
    refused(json!({ "plan_id": plan_id, "components": "d" }), "nothing_to_approve");
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    let open = site.run("plan", json!({}));
    let report = site.run("approve", json!({ "plan_id": open["plan_id"] }));
    assert_eq!(code(&report), "nothing_to_approve", "{report:#}");
    assert!(audit(&site).is_empty());
}
