//! Claims about what is shown of past runs and of kept plans.

use eos::view;
use serde_json::{Value, json};

use crate::support::Site;

const NET: &str = "variable \"cidr\" { default = \"10.0.0.0/16\" }\n\
                   resource \"terraform_data\" \"net\" { input = var.cidr }\n";
const FAILS: &str = "resource \"terraform_data\" \"app\" {\n  provisioner \"local-exec\" { \
                     command = \"echo no capacity left; exit 1\" }\n}\n";

fn site() -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    site.component("app", FAILS, json!({ "depends_on": ["net"] }));
    site
}

fn show(site: &Site, id: &Value) -> (Value, String) {
    let answer = site.run("show", json!({ "run_id": id }));
    assert_eq!(answer["error"], Value::Null, "{answer:#}");
    let text = view::text(&answer, false);
    (answer, text)
}

fn markdown(site: &Site, id: &Value) -> String {
    let answer = site.run("show", json!({ "run_id": id, "format": "markdown" }));
    let drawing = answer["drawing"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
    assert_eq!(view::text(&answer, false), drawing, "something stands around the drawing");
    drawing
}

fn contains(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in\n{text}");
    }
}

/// Leaves this many lines of the run's journal, and no report. `host`: the boot that wrote them.
fn cut_short(site: &Site, id: &Value, lines: usize, boot: Option<&str>) {
    let run = site.folder.path().join("root/staging/.eos/runs").join(id.as_str().unwrap());
    let journal = run.join("journal.jsonl");
    let here = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let text = std::fs::read_to_string(&journal).unwrap();
    let kept =
        text.lines().take(lines).map(|line| line.replace(here.trim(), boot.unwrap_or(here.trim())) + "\n");
    std::fs::write(&journal, kept.collect::<String>()).unwrap();
    std::fs::remove_file(run.join("report.json")).unwrap();
}

#[test]
fn a_past_run_is_shown_with_who_when_what_changed_and_why_it_failed() {
    let site = site();
    let report = site.run("orchestrate", json!({}));
    let (answer, text) = show(&site, &report["run_id"]);
    assert_eq!((&answer["run"]["state"], &answer["environment"]), (&json!("failed"), &json!("staging")));
    assert_eq!(answer["report"]["components"]["app"]["status"], "failed");
    let id = report["run_id"].as_str().unwrap();
    let heads = [&format!("run {id}: orchestrate of staging, failed"), "took ", "began 20"];
    contains(&text, &heads);
    contains(&text, &["staging: 1 failed, 1 applied", "no capacity left", "net   + terraform_data.net"]);
    let page = markdown(&site, &report["run_id"]);
    contains(
        &page,
        &["### `orchestrate of staging`", "| `net` | applied | `+1 ~0 -0` |", "no capacity left"],
    );
    contains(&page, &["```diff\n+ terraform_data.net\n```"]);
    let other_name = site.run("show_run", json!({ "run_id": id }));
    assert_eq!((&other_name["run"], &other_name["operation"]), (&answer["run"], &json!("show_run")));
}

#[test]
fn a_run_that_was_killed_is_shown_by_its_journal() {
    let site = site();
    let report = site.run("orchestrate", json!({}));
    // net has ended, and the apply of app has begun.
    cut_short(&site, &report["run_id"], 6, Some("another boot"));
    let (answer, text) = show(&site, &report["run_id"]);
    let status = |name: &str| answer["progress"][name]["status"].clone();
    assert_eq!((status("net"), status("app")), (json!("applied"), json!("interrupted_while_applying")));
    let resume = format!("salt-run infrastructure.resume run_id={}", report["run_id"].as_str().unwrap());
    contains(&text, &["orchestrate of staging, died", "crashed or was killed", &resume]);
    contains(&markdown(&site, &report["run_id"]), &["interrupted while applying", &resume]);
    let resumed = site.run("resume", json!({ "run_id": report["run_id"] }));
    let (_, text) = show(&site, &report["run_id"]);
    let later = format!("continued by run {}", resumed["run_id"].as_str().unwrap());
    contains(&text, &[&later]);
    assert!(!text.contains(&resume), "{text}");
}

#[test]
fn a_run_that_still_goes_says_so() {
    let site = site();
    let report = site.run("orchestrate", json!({}));
    // This process wrote the journal, and lives.
    cut_short(&site, &report["run_id"], 5, None);
    let (answer, text) = show(&site, &report["run_id"]);
    assert_eq!(answer["progress"]["app"]["status"], "in_progress", "{answer:#}");
    contains(&text, &["orchestrate of staging, running", "it is still going", "so far"]);
    contains(&markdown(&site, &report["run_id"]), &["still going"]);
}

#[test]
fn a_kept_plan_says_whether_it_can_still_be_applied_also_without_its_run() {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    let plan = site.run("plan", json!({}));
    let (answer, text) = show(&site, &plan["plan_id"]);
    assert_eq!(answer["plan"]["applicable"], true, "{answer:#}");
    contains(&text, &["is kept; it can be applied", "to apply this plan: salt-run infrastructure.apply"]);
    let runs = site.folder.path().join("root/staging/.eos/runs");
    std::fs::remove_dir_all(runs.join(plan["plan_id"].as_str().unwrap())).unwrap();
    let before = std::fs::read_dir(&runs).unwrap().count();
    let (answer, text) = show(&site, &plan["plan_id"]);
    assert_eq!((&answer["run"], &answer["plan"]["applicable"]), (&Value::Null, &json!(true)));
    assert_eq!(answer["plan"]["made_by"]["operation"], "plan");
    contains(&text, &["1 planned", "+1 ~0 -0", "net   + terraform_data.net", "it can be applied"]);
    contains(
        &markdown(&site, &plan["plan_id"]),
        &["### plan `", "+ terraform_data.net", "it can be applied"],
    );
    assert_eq!(std::fs::read_dir(&runs).unwrap().count(), before, "a question leaves nothing behind");

    site.infrastructure["components"]["net"]["variables"] = json!({ "cidr": "10.9.0.0/16" });
    let (answer, text) = show(&site, &plan["plan_id"]);
    assert_eq!(answer["plan"]["applicable"], false, "{answer:#}");
    contains(&text, &["it cannot be applied now", "the values of its variables"]);
    assert!(!text.contains("infrastructure.apply"), "{text}");
    site.infrastructure["components"].as_object_mut().unwrap().remove("net");
    let (answer, text) = show(&site, &plan["plan_id"]);
    assert_eq!(answer["plan"]["applicable"], false, "{answer:#}");
    contains(&text, &["removed from the pillar"]);
}

#[test]
fn a_kept_plan_that_policy_stopped_shows_its_approval() {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.component("net", "", json!({}));
    let plan = site.run("plan", json!({}));
    let (answer, text) = show(&site, &plan["plan_id"]);
    assert_eq!(answer["plan"]["applicable"], false, "{answer:#}");
    contains(
        &text,
        &["it waits for approval", "to approve what is blocked: salt-run infrastructure.approve"],
    );
    let nothing = site.run("approve", json!({ "plan_id": plan["plan_id"], "components": "x*" }));
    assert!(nothing["error"].to_string().contains("matches no component"), "{nothing:#}");
    let approved = site.run("approve", json!({ "plan_id": plan["plan_id"], "components": "n*" }));
    assert_eq!(approved["result"], true, "{approved:#}");
    let (answer, text) = show(&site, &plan["plan_id"]);
    assert_eq!(answer["plan"]["applicable"], true, "{answer:#}");
    contains(&text, &["approved by ", "it can be applied"]);
    assert_eq!(site.run("apply", json!({ "plan_id": plan["plan_id"] }))["result"], true);
    let (answer, text) = show(&site, &plan["plan_id"]);
    assert_eq!(answer["plan"]["applicable"], false, "{answer:#}");
    contains(&text, &["it was already applied", "was already applied by run"]);
}

/// A site with the blocked plan of a destroy.
fn with_blocked_destroy() -> (Site, Value) {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.infrastructure["settings"]["policy"] = json!({ "max_destroys": 0 });
    let report = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(report["components"]["net"]["status"], "blocked", "{report:#}");
    (site, report["plan_id"].clone())
}

#[test]
fn the_plan_of_a_destroy_can_be_applied_although_its_module_is_gone() {
    let (site, plan_id) = with_blocked_destroy();
    std::fs::remove_dir_all(site.folder.path().join("modules/net")).unwrap();
    let runs = site.folder.path().join("root/staging/.eos/runs");
    let before = std::fs::read_dir(&runs).unwrap().count();
    let (answer, text) = show(&site, &plan_id);
    assert_eq!(answer["plan"]["applicable"], false, "{answer:#}");
    contains(&text, &["it waits for approval"]);
    assert_eq!(std::fs::read_dir(&runs).unwrap().count(), before, "a question leaves nothing behind");
    let approved = site.run("approve", json!({ "plan_id": plan_id }));
    assert_eq!(approved["result"], true, "{approved:#}");
    let (answer, text) = show(&site, &plan_id);
    assert_eq!(answer["plan"]["applicable"], true, "{answer:#}");
    contains(&text, &["it can be applied"]);
    let applied = site.run("apply", json!({ "plan_id": plan_id }));
    assert_eq!(applied["components"]["net"]["status"], "destroyed", "{applied:#}");
}

#[test]
fn a_run_is_shown_although_the_contents_of_its_plan_are_damaged() {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    let plan = site.run("plan", json!({}));
    let id = plan["plan_id"].as_str().unwrap();
    std::fs::write(site.folder.path().join("root/staging/.eos/plans").join(id).join("plan.json"), "{")
        .unwrap();
    let (answer, text) = show(&site, &plan["plan_id"]);
    assert_eq!(answer["report"]["components"]["net"]["status"], "planned", "{answer:#}");
    assert_eq!(answer["plan"]["error"]["code"], "file_corrupt", "{answer:#}");
    assert_eq!(answer["plan"]["applicable"], Value::Null);
    contains(&text, &["1 planned", "whether it can be applied is not known", "plan.json", "make a new plan"]);
    contains(&markdown(&site, &plan["plan_id"]), &["| `net` | planned |", "is not known", "plan.json"]);
}

#[test]
fn a_pattern_in_approve_is_not_blamed_if_policy_stopped_nothing() {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    let plan = site.run("plan", json!({}));
    let nothing = site.run("approve", json!({ "plan_id": plan["plan_id"], "components": "n*" }));
    assert_eq!(nothing["error"]["code"], "nothing_to_approve", "{nothing:#}");
    assert!(nothing["error"].to_string().contains("policy stopped nothing in it"), "{nothing:#}");
}

#[test]
fn show_refuses_an_unknown_id_a_wrong_format_and_two_environments() {
    let mut site = site();
    site.infrastructure["environments"]["other"] = json!({});
    let report = site.run("plan", json!({ "environment": "staging" }));
    let id = report["run_id"].clone();
    let said = |arguments: Value| site.run("show", arguments)["error"].to_string();
    contains(&said(json!({ "run_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" })), &["no_such_run", "kept plan"]);
    contains(&said(json!({ "run_id": id, "format": "pdf" })), &["text, markdown, html"]);
    contains(&said(json!({ "run_id": id, "environment": "other" })), &["staging", "other"]);
    let by_plan = site.run("show", json!({ "plan_id": id }));
    assert_eq!(by_plan["run"]["run_id"], id, "{by_plan:#}");
}

#[test]
fn history_shows_counts_and_durations_and_takes_filters() {
    let site = site();
    let first = site.run("orchestrate", json!({ "components": "net" }));
    let second = site.run("orchestrate", json!({}));
    site.run("plan", json!({}));
    let ids = |arguments: Value| -> Vec<Value> {
        let history = site.run("history", arguments);
        assert_eq!(history["error"], Value::Null, "{history:#}");
        history["runs"].as_array().unwrap().iter().map(|run| run["run_id"].clone()).collect()
    };
    assert_eq!(
        ids(json!({ "operation": "orchestrate" })),
        [second["run_id"].clone(), first["run_id"].clone()]
    );
    assert_eq!(ids(json!({ "status": "failed" })), [second["run_id"].clone()]);
    assert_eq!(ids(json!({ "component": "a*" })).len(), 2);
    assert_eq!(ids(json!({ "component": "net", "limit": 1 })).len(), 1);
    assert_eq!(ids(json!({ "since": "1h" })).len(), 3);
    assert_eq!(ids(json!({ "since": "2999-01-01" })).len(), 0);
    assert_eq!(ids(json!({ "user": "nobody else" })).len(), 0);
    let history = site.run("history", json!({ "status": "failed" }));
    assert_eq!((&history["runs_kept"], &history["runs"][0]["changes"]), (&json!(3), &json!(true)));
    assert!(history["runs"][0]["duration"].as_f64().unwrap() > 0.0);
    let of_first =
        &site.run("history", json!({ "status": "complete", "operation": "orchestrate" }))["runs"][0];
    assert_eq!(of_first["counts"]["add"], 1, "{of_first:#}");
    contains(&view::text(&history, false), &["staging: 1 of 3 runs, newest first", "1 failed"]);
    for (filter, word) in [
        (json!({ "status": "fail" }), "did you mean \\\"failed\\\"?"),
        (json!({ "since": "yesterday" }), "is not a time"),
        (json!({ "component": "nett" }), "did you mean \\\"net\\\"?"),
        (json!({ "component": "x*" }), "matches no component"),
        (json!({ "components": "net" }), "did you mean \\\"component\\\"?"),
    ] {
        contains(&site.run("history", filter)["error"].to_string(), &[word]);
    }
}

#[test]
fn history_refuses_an_unknown_operation_and_apply_means_each_deployment() {
    let site = site();
    let first = site.run("orchestrate", json!({ "components": "net" }));
    let plan = site.run("plan", json!({ "components": "app" }));
    let applied = site.run("apply", json!({ "plan_id": plan["plan_id"] }));
    let ids = |operation: &str| -> Vec<Value> {
        let history = site.run("history", json!({ "operation": operation }));
        assert_eq!(history["error"], Value::Null, "{history:#}");
        history["runs"].as_array().unwrap().iter().map(|run| run["run_id"].clone()).collect()
    };
    assert_eq!(ids("apply"), [applied["run_id"].clone(), first["run_id"].clone()]);
    assert_eq!(ids("orchestrate_infrastructure"), [first["run_id"].clone()]);
    assert_eq!(ids("staged_rollback"), [Value::Null; 0]);
    for (wrong, near) in [("aply", "did you mean \\\"apply\\\"?"), ("status", "there are: accept-drift, ")] {
        let refused = site.run("history", json!({ "operation": wrong }));
        assert_eq!(refused["retcode"], 1, "{refused:#}");
        contains(&refused["error"].to_string(), &["arguments:operation", near]);
    }
}

#[test]
fn an_approval_is_shown_as_an_approval_and_not_as_a_change() {
    let mut site = site();
    site.infrastructure["settings"]["policy"] = json!({ "ask": ["forget"] });
    site.run("orchestrate", json!({ "components": "net" }));
    let gone = "removed {\n  from = terraform_data.net\n  lifecycle { destroy = false }\n}\n";
    site.component("net", gone, json!({}));
    let plan = site.run("plan", json!({ "components": "net" }));
    let approved = site.run("approve", json!({ "plan_id": plan["plan_id"] }));
    assert_eq!(approved["result"], true, "{approved:#}");
    let plan_id = plan["plan_id"].as_str().unwrap();
    let history = view::text(&site.run("history", json!({ "limit": 2 })), false);
    contains(&history, &[&format!("approves plan {plan_id}"), "plan, would: +0 ~0 -0 forget 1"]);
    assert_eq!(history.matches("forget 1").count(), 1, "{history}");
    let (_, shown) = show(&site, &approved["run_id"]);
    contains(&shown, &[&format!("approves plan {plan_id}")]);
    assert!(!shown.contains("applies plan"), "{shown}");
}

#[test]
fn a_question_shows_no_id_that_show_does_not_know() {
    let site = site();
    let run = site.run("orchestrate", json!({ "components": "net" }));
    assert_eq!(run["run_kept"], true, "{run:#}");
    contains(&view::text(&run, false), &[&format!("run {}", run["run_id"].as_str().unwrap())]);
    for question in ["validate", "graph", "status", "outputs", "health", "drift"] {
        let answer = site.run(question, json!({}));
        let (id, text) = (answer["run_id"].as_str().unwrap(), view::text(&answer, false));
        assert!(answer["run_kept"] == false && !text.contains(id), "{question}: {text}");
        let unknown = site.run("show", json!({ "run_id": id }));
        contains(&unknown["error"].to_string(), &["no_such_run", "nothing of a question"]);
    }
    let refused = site.run("orchestrate", json!({ "components": "nett" }));
    assert_eq!(refused["run_kept"], false, "{refused:#}");
}

#[test]
fn status_names_the_run_that_changed_a_component_and_not_a_later_one_that_did_not() {
    let site = site();
    let first = site.run("orchestrate", json!({ "components": "net" }));
    site.run("orchestrate", json!({ "components": "net" }));
    let text = view::text(&site.run("status", json!({ "components": "net" })), false);
    let by = format!("1 resource, serial 1, last changed by run {}", first["run_id"].as_str().unwrap());
    contains(&text, &["staging: as recorded: 1 applied", &by]);
}

#[test]
fn a_drawing_of_the_graph_stands_alone() {
    let site = site();
    for (format, first) in [("dot", "digraph infrastructure {\n"), ("mermaid", "flowchart LR\n")] {
        let report = site.run("graph", json!({ "format": format }));
        let text = view::text(&report, false);
        assert!(text.starts_with(first) && text == report["drawing"].as_str().unwrap(), "{text}");
    }
}
