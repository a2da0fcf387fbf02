//! Saved plans that were made before something changed: what is refused, what it is called, and what comes next.

use std::cell::RefCell;

use eos::host::Host;
use eos::operation::CallerIdentity;
use eos::view;
use serde_json::{Value, json};

use crate::support::{NoSalt, Site, statuses, without_salt};

const TEXT: &str = "variable \"text\" {}\nresource \"terraform_data\" \"a\" { input = var.text }\n\
                    output \"text\" { value = terraform_data.a.output }\n";
const FAILS: &str =
    "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" { command = \"false\" }\n}\n";
const AB: &str = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n";

fn reads(output: &str) -> Value {
    json!({ "from_outputs": { "text": output } })
}

fn plan(site: &Site) -> Value {
    let plan = site.run("plan", json!({}));
    assert!(plan["plan_id"].is_string(), "{plan:#}");
    plan["plan_id"].clone()
}

fn by_id(site: &Site, operation: &str, plan_id: &Value) -> Value {
    let key = if operation == "show" { "run_id" } else { "plan_id" };
    site.run(operation, json!({ key: plan_id }))
}

fn text(report: &Value) -> String {
    view::text(report, false)
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

fn runs(site: &Site) -> usize {
    site.run("history", json!({}))["runs"].as_array().unwrap().len()
}

/// Keeps the events of whole runs.
#[derive(Default)]
struct Events(RefCell<Vec<(String, String)>>);

impl Host for Events {
    without_salt!();

    fn emit(&self, tag: &str, data: &Value) {
        if let Some((_, word)) = tag.split_once("/run/") {
            let message = data["message"].as_str().unwrap_or_default().to_owned();
            self.0.borrow_mut().push((word.to_owned(), message));
        }
    }
    fn log(&self, _: tracing::Level, _: &str) {}
}

#[test]
fn a_refused_apply_is_no_run_so_resume_continues_the_failed_one() {
    let mut site = Site::new();
    site.component("app", FAILS, json!({}));
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&failed)["app"], "failed", "{failed:#}");
    let resume = format!("salt-run infrastructure.resume run_id={}", failed["run_id"].as_str().unwrap());
    contains(&text(&failed), &["once that is put right, to continue this run: ", &resume]);

    site.component("net", TEXT, json!({ "variables": { "text": "one" } }));
    site.component("app", AB, json!({ "depends_on": ["net"] }));
    let plan_id = plan(&site);
    site.infrastructure["components"]["net"]["variables"]["text"] = json!("two");
    let before = runs(&site);
    let events = Events::default();
    let call = json!({ "plan_id": plan_id, "environment": "staging" });
    let refused = site.call(&events, CallerIdentity::default(), "apply", call);
    assert_eq!(
        (&refused["error"]["code"], &refused["error"]["component"]),
        (&json!("plan_moved"), &json!("net"))
    );
    let said = text(&refused);
    contains(
        &said,
        &["staging: net: ", "the value of its variable \"text\"", "salt-run infrastructure.plan staging\n"],
    );
    assert_eq!((&refused["run_kept"], runs(&site)), (&json!(false), before), "{refused:#}");
    let events = events.0.into_inner();
    assert_eq!(events.len(), 1, "{events:#?}");
    assert!(events[0].0 == "failed" && !events[0].1.contains(", run "), "{events:#?}");
    // A refused rollback is none either.
    assert_eq!(site.run("rollback", json!({ "components": "app" }))["run_kept"], false);
    assert_eq!(runs(&site), before);

    contains(
        &text(&by_id(&site, "show", &failed["run_id"])),
        &["not all of this run is done; complete it: ", &resume],
    );
    let resumed = site.run("resume", json!({}));
    assert_eq!((&resumed["result"], &*statuses(&resumed)["app"]), (&json!(true), "applied"), "{resumed:#}");
    let history = site.run("history", json!({}));
    assert_eq!(history["runs"][0]["resumes"], failed["run_id"], "{history:#}");
    let shown = text(&by_id(&site, "show", &failed["run_id"]));
    assert!(!shown.contains("infrastructure.resume"), "{shown}");
}

#[test]
fn a_run_of_an_earlier_version_that_was_refused_is_not_continued() {
    let mut site = Site::new();
    site.component("net", TEXT, json!({ "variables": { "text": "one" } }));
    let plan_id = plan(&site);
    let applied = by_id(&site, "apply", &plan_id);
    assert_eq!(applied["result"], true, "{applied:#}");
    // As it was kept: no component was started.
    let run = site.folder.path().join("root/staging/.eos/runs").join(applied["run_id"].as_str().unwrap());
    let journal = std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let began = journal.lines().next().unwrap();
    let finished = json!({ "at": "2026-01-01T00:00:00Z", "step": "finished", "result": false, "components": {}, "error": "x" });
    std::fs::write(run.join("journal.jsonl"), format!("{began}\n{finished}\n")).unwrap();
    std::fs::remove_file(site.folder.path().join("root/staging/.eos/components/net/record.json")).unwrap();
    let resumed = site.run("resume", json!({}));
    assert_eq!(resumed["error"]["code"], "no_such_run", "{resumed:#}");
}

#[test]
fn an_approval_is_refused_where_the_apply_would_be_and_says_what_an_apply_plans_again() {
    let mut site = Site::new();
    site.component("net", TEXT, json!({ "variables": { "text": "one" } }));
    site.component("old", AB, json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.component("old", TEXT, json!({ "variables": { "text": "x" } }));
    site.infrastructure["components"]["net"]["variables"]["text"] = json!("two");
    let plan_id = plan(&site);
    let applied = site.run("orchestrate", json!({ "components": "net" }));
    assert_eq!(statuses(&applied)["net"], "applied", "{applied:#}");
    let before = runs(&site);
    let refused = by_id(&site, "approve", &plan_id);
    assert_eq!(refused["error"]["code"], "plan_moved", "{refused:#}");
    let by = format!("the state (by run {})", applied["run_id"].as_str().unwrap());
    contains(&text(&refused), &["net: ", &by, "infrastructure.plan staging\n"]);
    assert_eq!(runs(&site), before, "a refused approval is no run");
    let shown = text(&by_id(&site, "show", &plan_id));
    contains(&shown, &["it cannot be applied now", &by, "infrastructure.plan staging"]);
    assert!(!shown.contains("infrastructure.approve") && !shown.contains("infrastructure.apply"), "{shown}");

    let plan_id = plan(&site);
    site.infrastructure["components"]["old"]["variables"]["text"] = json!("y");
    let approved = by_id(&site, "approve", &plan_id);
    let shown = by_id(&site, "show", &plan_id);
    for report in [&approved, &shown] {
        contains(&text(report), &["the value of its variable \"text\"", "applies only the same changes"]);
    }
    let shown = text(&shown);
    assert!(!shown.contains("infrastructure.approve"), "it is approved: {shown}");
    let refused = by_id(&site, "apply", &plan_id);
    assert_eq!(refused["components"]["old"]["reason"], "plan_moved", "{refused:#}");
    contains(&text(&refused), &["make a new plan: salt-run infrastructure.plan staging\n"]);
    assert!(refused["resume_command"].is_null(), "{refused:#}");
}

#[test]
fn after_an_approved_apply_what_waited_for_it_is_no_failure_and_the_next_command_brings_it_up() {
    let mut site = Site::new();
    site.component(
        "base",
        &(TEXT.to_owned() + AB.split_once('\n').unwrap().1),
        json!({ "variables": { "text": "one" } }),
    );
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.component("base", TEXT, json!({ "variables": { "text": "one" } }));
    site.component("app", TEXT, reads("base.text"));
    let plan_id = plan(&site);
    let stopped = by_id(&site, "apply", &plan_id);
    let app = &stopped["components"]["app"];
    assert_eq!(
        (&app["status"], &app["after"]["component"]),
        (&json!("skipped"), &json!("base")),
        "{stopped:#}"
    );
    contains(
        &text(&stopped),
        &["app: it has no plan, because base was blocked", "once base is not blocked any more"],
    );
    assert!(stopped["resume_command"].is_null(), "a decision is missing: {stopped:#}");

    assert_eq!(by_id(&site, "approve", &plan_id)["result"], true);
    let applied = by_id(&site, "apply", &plan_id);
    assert_eq!((&applied["result"], &applied["retcode"]), (&Value::Null, &json!(0)), "{applied:#}");
    assert_eq!(statuses(&applied)["app"], "pending_inputs", "{applied:#}");
    let said = text(&applied);
    contains(&said, &["now, for what had no plan: salt-run infrastructure.orchestrate staging\n"]);
    assert!(!said.contains("put that right") && !said.contains("failed"), "{said}");
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["app"], "applied");
}

#[test]
fn what_was_not_started_names_the_component_that_prevented_it() {
    let mut site = Site::new();
    site.component("bad", FAILS, json!({}));
    site.component("next", AB, json!({ "depends_on": ["bad"] }));
    site.component("last", AB, json!({ "depends_on": ["next"] }));
    site.infrastructure["settings"]["parallelism"] = json!(1);
    site.infrastructure["settings"]["on_failure"] = json!("stop");
    site.component("zone", AB, json!({}));
    let report = site.run("orchestrate", json!({}));
    for name in ["next", "last", "zone"] {
        let one = &report["components"][name];
        assert_eq!(one["after"], json!({ "component": "bad", "status": "failed" }), "{report:#}");
        contains(&text(&report), &[&format!("  {name}: not started, because bad failed")]);
    }
}

#[test]
fn an_interrupted_apply_of_a_saved_plan_is_planned_again_and_not_resumed() {
    let mut site = Site::new();
    site.component("one", TEXT, json!({ "variables": { "text": "x" } }));
    site.component("two", FAILS, json!({ "depends_on": ["one"] }));
    let failed = by_id(&site, "apply", &plan(&site));
    assert_eq!(statuses(&failed)["two"], "failed", "{failed:#}");
    assert!(failed["resume_command"].is_null(), "{failed:#}");
    let run_id = &failed["run_id"];
    for arguments in [json!({}), json!({ "run_id": run_id })] {
        let refused = site.run("resume", arguments);
        assert_eq!(refused["error"]["code"], "not_resumable", "{refused:#}");
        contains(
            &text(&refused),
            &["those of two were used", "salt-run infrastructure.plan staging components=two"],
        );
    }
    contains(
        &text(&by_id(&site, "show", run_id)),
        &["not all of this run is done; plan again, because its plans were used: "],
    );
}

#[test]
fn resume_says_by_what_the_rest_of_a_run_is_gone() {
    let mut site = Site::new();
    site.component("bad", FAILS, json!({}));
    let failed = site.run("orchestrate", json!({}));
    let destroyed = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(destroyed["result"], true, "{destroyed:#}");
    let nothing =
        site.call(&NoSalt, CallerIdentity::default(), "resume", json!({ "environment": "staging" }));
    let by = format!("run {} has destroyed what was left of it", destroyed["run_id"].as_str().unwrap());
    contains(&text(&nothing), &[failed["run_id"].as_str().unwrap(), &by]);
}
