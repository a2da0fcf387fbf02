//! What once stopped a component, or a whole environment, for good.

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Site, statuses};

const KEEPS: &str = "variable \"v\" {}\nresource \"terraform_data\" \"x\" {\n  input = var.v\n}\n\
                     output \"x\" {\n  value = terraform_data.x.output\n}\n";

fn control(site: &Site) -> PathBuf {
    site.folder.path().join("root/staging/.eos")
}

fn set(site: &mut Site, component: &str, value: &str) {
    site.component(component, KEEPS, json!({ "variables": { "v": value } }));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// So many copies of one of these folders, as if they had been made while the clock was years ahead.
fn ahead(folder: &Path, id: &str, count: usize) {
    for number in 0..count {
        copy(&folder.join(id), &folder.join(format!("01Z0000000000000000000{:04}", 1000 + number)));
    }
}

fn id<'a>(report: &'a Value, key: &str) -> &'a str {
    report[key].as_str().unwrap_or_else(|| panic!("no {key} in {report:#}"))
}

#[test]
fn a_run_keeps_its_folder_and_is_the_newest_where_others_were_made_while_the_clock_was_ahead() {
    let mut site = Site::new();
    set(&mut site, "a", "1");
    let runs = control(&site).join("runs");
    ahead(&runs, id(&site.run("orchestrate", json!({})), "run_id"), 50);
    site.component("a", "resource \"terraform_data\" \"y\" {\n  provisioner \"local-exec\" {\n    command = \"false\"\n  }\n}", json!({}));
    let failed = site.run("orchestrate", json!({}));
    assert!(runs.join(id(&failed, "run_id")).join("report.json").exists(), "{failed:#}");
    set(&mut site, "a", "2");
    // The run to resume is the one that failed, and not one of those that were made before it.
    let resumed = site.run("resume", json!({}));
    assert_eq!(statuses(&resumed)["a"], "applied", "{resumed:#}");
    let history = site.run("history", json!({ "limit": 3 }));
    let shown: Vec<_> = history["runs"].as_array().unwrap().iter().map(|run| id(run, "run_id")).collect();
    assert_eq!(shown[..2], [id(&resumed, "run_id"), id(&failed, "run_id")], "{history:#}");
}

#[test]
fn a_plan_is_applied_where_others_were_made_while_the_clock_was_ahead_and_where_it_is_the_oldest() {
    let mut site = Site::new();
    set(&mut site, "a", "1");
    let plans = control(&site).join("plans");
    let oldest = site.run("plan", json!({}));
    ahead(&plans, id(&oldest, "plan_id"), 20);
    let applied = site.run("apply", json!({ "plan_id": id(&oldest, "plan_id") }));
    assert_eq!(statuses(&applied)["a"], "applied", "{applied:#}");
    set(&mut site, "a", "2");
    let newest = site.run("plan", json!({}));
    assert_eq!(site.run("plan", json!({}))["result"], Value::Null);
    let applied = site.run("apply", json!({ "plan_id": id(&newest, "plan_id") }));
    assert_eq!(statuses(&applied)["a"], "applied", "{applied:#}");
}
