//! Claims about the records of a run, and about resuming it.

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const NET: &str = r#"
variable "cidr" { default = "10.0.0.0/16" }
resource "terraform_data" "net" { input = var.cidr }
output "cidr" { value = terraform_data.net.output }
"#;

fn app(works: bool) -> String {
    format!(
        r#"
variable "cidr" {{ type = string }}
resource "terraform_data" "app" {{
  input = var.cidr
  provisioner "local-exec" {{
    command = "{}"
  }}
}}
"#,
        if works { "true" } else { "false" }
    )
}

/// A site with net, which succeeds, and app, which fails.
fn failed() -> (Site, String) {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    site.component("app", &app(false), json!({ "from_outputs": { "cidr": "net.cidr" } }));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), both("failed", "applied"), "{report:#}");
    (site, text(&report["run_id"]))
}

fn both(app: &str, net: &str) -> std::collections::BTreeMap<String, String> {
    [("app".to_owned(), app.to_owned()), ("net".to_owned(), net.to_owned())].into()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Whether terraform ran for this component in this run.
fn ran(site: &Site, report: &Value, component: &str) -> bool {
    let run = site.folder.path().join("root/staging/.eos/runs").join(text(&report["run_id"]));
    run.join(component).join("plan.stdout").exists()
}

#[test]
fn a_resumed_run_does_only_the_remaining_work() {
    let (mut site, run_id) = failed();
    site.component("app", &app(true), json!({ "from_outputs": { "cidr": "net.cidr" } }));
    let report = site.run("resume", json!({ "run_id": run_id }));
    assert_eq!(statuses(&report), both("applied", "unchanged"), "{report:#}");
    assert_eq!(report["components"]["net"]["reason"], "done_before");
    assert!(!ran(&site, &report, "net") && ran(&site, &report, "app"));
    assert_eq!(report["components"]["net"]["outputs"]["cidr"], "10.0.0.0/16");
    let again = site.run("resume", json!({ "environment": "staging", "run_id": null }));
    assert_eq!(again["error"]["code"], "run_complete", "{again:#}");
}

fn message(report: &Value) -> String {
    text(&report["error"]["message"])
}

#[test]
fn resume_finds_the_failed_run_before_a_run_that_changed_nothing() {
    let (mut site, run_id) = failed();
    let later = site.run("orchestrate", json!({ "components": "net" }));
    assert_eq!(later["components"]["net"]["status"], "unchanged", "{later:#}");
    site.component("app", &app(true), json!({ "from_outputs": { "cidr": "net.cidr" } }));
    let resumed = site.run("resume", json!({}));
    assert_eq!(statuses(&resumed), both("applied", "unchanged"), "{resumed:#}");
    assert_eq!(site.run("history", json!({}))["runs"][0]["resumes"], json!(run_id));
}

#[test]
fn resume_says_why_there_is_nothing_to_resume() {
    let (mut site, run_id) = failed();
    site.component("app", &app(true), json!({ "from_outputs": { "cidr": "net.cidr" } }));
    let later = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&later), both("applied", "unchanged"), "{later:#}");
    let nothing = site.run("resume", json!({}));
    assert_eq!(nothing["error"]["code"], "run_complete", "{nothing:#}");
    for id in [&run_id, &text(&later["run_id"])] {
        assert!(message(&nothing).contains(id), "{nothing:#}");
    }
    // The failed run is kept no longer.
    std::fs::remove_dir_all(site.folder.path().join("root/staging/.eos/runs").join(&run_id)).unwrap();
    let nothing = site.run("resume", json!({}));
    assert!(message(&nothing).contains(&format!("{}, completed", text(&later["run_id"]))), "{nothing:#}");
}

#[test]
fn resume_names_a_destroy_and_does_not_continue_it_after_a_later_deployment() {
    let with_guard = |works: bool| {
        let command = if works { "true" } else { "false" };
        format!(
            "variable \"cidr\" {{}}\nresource \"terraform_data\" \"app\" {{\n  provisioner \"local-exec\" {{\n    \
             when    = destroy\n    command = \"{command}\"\n  }}\n}}\n"
        )
    };
    let reads = json!({ "from_outputs": { "cidr": "net.cidr" } });
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    site.component("app", &with_guard(false), reads.clone());
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let half = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&half), both("failed", "skipped"), "{half:#}");
    assert_eq!(site.run("orchestrate", json!({ "components": "net" }))["result"], true);
    site.component("app", &with_guard(true), reads);
    let refused = site.run("resume", json!({}));
    assert_eq!(refused["error"]["code"], "not_resumable", "{refused:#}");
    let run_id = text(&half["run_id"]);
    let command = format!("infrastructure.resume staging run_id={run_id}");
    assert!(text(&refused["error"]["remedy"]).contains(&command), "{refused:#}");
    let resumed = site.run("resume", json!({ "run_id": run_id }));
    assert_eq!(statuses(&resumed), both("destroyed", "destroyed"), "{resumed:#}");
}

#[test]
fn resume_repeats_a_completed_component_if_its_inputs_changed() {
    let (mut site, _) = failed();
    site.component("app", &app(true), json!({ "from_outputs": { "cidr": "net.cidr" } }));
    site.infrastructure["components"]["net"]["variables"] = json!({ "cidr": "10.9.0.0/16" });
    let report = site.run("resume", json!({}));
    assert_eq!(statuses(&report), both("applied", "applied"), "{report:#}");
    assert_eq!(report["components"]["net"]["outputs"]["cidr"], "10.9.0.0/16");
}

#[test]
fn resume_checks_a_completed_component_again_if_its_state_changed() {
    let (mut site, _) = failed();
    site.component("app", &app(true), json!({ "from_outputs": { "cidr": "net.cidr" } }));
    assert_eq!(site.run("destroy", json!({ "components": "app,net", "confirm": "staging" }))["result"], true);
    // The destroy is the last run now, and it is complete. The failed run must be named.
    assert_eq!(site.run("resume", json!({}))["error"]["code"], "run_complete");
    let history = site.run("history", json!({}));
    let failed = text(&history["runs"][1]["run_id"]);
    let report = site.run("resume", json!({ "run_id": failed }));
    assert_eq!(statuses(&report), both("applied", "applied"), "{report:#}");
}

#[test]
fn a_resumed_run_that_fails_again_is_resumed_with_all_completed_components() {
    let (mut site, first) = failed();
    let second = site.run("resume", json!({}));
    assert_eq!(statuses(&second), both("failed", "unchanged"), "{second:#}");
    site.component("app", &app(true), json!({ "from_outputs": { "cidr": "net.cidr" } }));
    let third = site.run("resume", json!({}));
    assert_eq!(statuses(&third), both("applied", "unchanged"), "{third:#}");
    assert!(!ran(&site, &third, "net"));
    let history = site.run("history", json!({ "limit": 2 }));
    let runs = history["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["resumes"], second["run_id"]);
    assert_eq!(runs[1]["resumes"], first);
}

#[test]
fn history_and_show_run_show_user_operation_and_result() {
    let (site, run_id) = failed();
    site.run("orchestrate", json!({ "test": true }));
    let history = site.run("history", json!({}));
    let runs = history["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2, "{history:#}");
    assert_eq!((&runs[1]["run_id"], &runs[1]["state"]), (&json!(run_id), &json!("failed")));
    assert_eq!((&runs[1]["changes"], &runs[0]["changes"]), (&json!(true), &json!(false)));
    assert_eq!(runs[1]["components"], json!({ "app": "failed", "net": "applied" }));
    let shown = site.run("show_run", json!({ "run_id": run_id }));
    let steps: Vec<_> = shown["steps"].as_array().unwrap().iter().map(|step| text(&step["step"])).collect();
    assert_eq!(
        steps,
        ["began", "started", "applying", "ended", "started", "applying", "ended", "finished"],
        "{shown:#}"
    );
    assert_eq!(shown["report"]["components"]["app"]["status"], "failed");
    let unknown = site.run("show_run", json!({ "run_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" }));
    assert_eq!(unknown["error"]["code"], "no_such_run");
}

#[test]
fn a_crashed_run_is_reported_and_resumed() {
    let (mut site, run_id) = failed();
    // A journal after a crash: the last line is missing, and the process of the first line is gone.
    let journal = site.folder.path().join("root/staging/.eos/runs").join(&run_id).join("journal.jsonl");
    let lines = std::fs::read_to_string(&journal).unwrap();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let kept: Vec<_> = lines.lines().take(4).map(|line| line.replace(boot.trim(), "another")).collect();
    std::fs::write(&journal, format!("{}\n{{\"at\": \"2", kept.join("\n"))).unwrap();
    let history = site.run("history", json!({}));
    assert_eq!(history["runs"][0]["state"], "died", "{history:#}");
    site.component("app", &app(true), json!({ "from_outputs": { "cidr": "net.cidr" } }));
    let report = site.run("resume", json!({}));
    assert_eq!(statuses(&report), both("applied", "unchanged"), "{report:#}");
}
