//! Claims about kept plans that cannot simply be applied: what is missing, what was used already, and what comes next.

use serde_json::{Value, json};

use crate::support::{Site, statuses};

const NEEDS: &str = "variable \"token\" {}\nresource \"terraform_data\" \"a\" { input = var.token }\n\
                     output \"token\" { value = terraform_data.a.output }\n";
const READS: &str = "variable \"value\" {}\nresource \"terraform_data\" \"b\" { input = var.value }\n";

fn text(report: &Value) -> String {
    eos::view::text(report, false)
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

fn by_id(site: &Site, operation: &str, plan_id: &Value) -> Value {
    let key = if operation == "show" { "run_id" } else { "plan_id" };
    site.run(operation, json!({ key: plan_id }))
}

/// The answers to approve, apply and show of a plan.
fn answers(site: &Site, plan_id: &Value) -> [Value; 3] {
    ["approve", "apply", "show"].map(|operation| by_id(site, operation, plan_id))
}

#[test]
fn only_what_policy_stopped_can_be_approved_and_the_rest_says_what_it_lacks() {
    let mut site = Site::new();
    site.component("net", NEEDS, json!({}));
    let plan = site.run("plan", json!({}));
    assert_eq!((&plan["retcode"], &*statuses(&plan)["net"]), (&json!(1), "blocked"), "{plan:#}");
    assert!(plan["approve_command"].is_null() && plan["apply_command"].is_null(), "{plan:#}");
    let said = text(&plan);
    assert!(!said.contains("infrastructure.approve") && !said.contains("to apply"), "{said}");

    let [approve, apply, show] = answers(&site, &plan["plan_id"]);
    for report in [&approve, &apply] {
        assert_eq!((&report["result"], &report["retcode"]), (&json!(false), &json!(1)), "{report:#}");
    }
    for report in [&approve, &apply, &show] {
        contains(&text(report), &["variable \"token\" has no default", "infrastructure.plan staging"]);
        assert!(!text(report).contains("needs no approval"), "{}", text(report));
    }
    assert_eq!(apply["components"]["net"]["reason"], "missing_variable", "{apply:#}");
    assert_eq!(approve["error"]["code"], "nothing_to_approve", "{approve:#}");
    contains(&text(&show), &["it cannot be applied"]);
    assert_eq!(show["plan"]["components"]["net"]["applicable"], false, "{show:#}");
}

#[test]
fn what_could_not_be_planned_is_named_when_the_rest_is_applied() {
    let mut site = Site::new();
    site.component("net", NEEDS, json!({}));
    site.component("dns", READS, json!({ "variables": { "value": 1 } }));
    site.component("bad", "output \"a\" { value = 1 + }\n", json!({}));
    let plan = site.run("plan", json!({}));
    contains(&text(&plan), &["to apply this plan: salt-run infrastructure.apply"]);
    for components in [json!("net"), Value::Null] {
        let nothing = site.run("approve", json!({ "plan_id": plan["plan_id"], "components": components }));
        contains(&text(&nothing), &["variable \"token\" has no default"]);
    }
    let near = site.run("approve", json!({ "plan_id": plan["plan_id"], "components": "dn" }));
    contains(&text(&near), &["did you mean \"dns\"?"]);
    let applied = by_id(&site, "apply", &plan["plan_id"]);
    let expected = [("bad", "skipped"), ("dns", "applied"), ("net", "blocked")];
    assert_eq!(statuses(&applied), expected.map(|(name, status)| (name.into(), status.into())).into());
    assert_eq!(applied["retcode"], 1, "{applied:#}");
    contains(&text(&applied), &["bad: it has no plan", "[main.tf:1]", "infrastructure.plan staging"]);
}

#[test]
fn what_depends_on_something_blocked_says_so_in_the_answers_of_its_plan() {
    let mut site = Site::new();
    site.component("net", NEEDS, json!({}));
    site.component("app", READS, json!({ "from_outputs": { "value": "net.token" } }));
    site.component("dns", READS, json!({ "variables": { "value": 1 } }));
    let plan = site.run("plan", json!({}));
    assert_eq!(statuses(&plan)["app"], "skipped", "{plan:#}");
    let approve = site.run("approve", json!({ "plan_id": plan["plan_id"], "components": "app" }));
    let applied = by_id(&site, "apply", &plan["plan_id"]);
    for report in [&approve, &applied] {
        contains(&text(report), &["net was blocked when the plan was made", "plan again"]);
    }
}

#[test]
fn an_apply_of_a_plan_that_failed_names_the_run_and_where_to_read_why() {
    let mut site = Site::new();
    site.component("bad", "output \"a\" { value = 1 + }\n", json!({}));
    let failed = site.run("plan", json!({}));
    assert!(failed["plan_id"].is_null(), "{failed:#}");
    let arguments = json!({ "plan_id": failed["run_id"], "environment": null });
    for operation in ["apply", "approve"] {
        let report = site.run(operation, arguments.clone());
        contains(&text(&report), &["kept no plan that can be applied", "infrastructure.show"]);
        assert_eq!(report["retcode"], 1, "{report:#}");
    }
}

#[test]
fn an_apply_of_a_run_that_was_no_plan_says_so_and_how_to_plan() {
    let mut site = Site::new();
    site.component("net", "output \"id\" { value = 1 }\n", json!({}));
    let run = site.run("orchestrate", json!({}));
    let report = site.run("apply", json!({ "plan_id": run["run_id"], "environment": null }));
    contains(
        &text(&report),
        &["the run of an orchestrate, which keeps no plan", "infrastructure.plan staging"],
    );
}

#[test]
fn a_plan_of_an_earlier_version_with_something_blocked_and_not_planned_is_still_read() {
    let mut site = Site::new();
    site.component("net", NEEDS, json!({}));
    let plan = site.run("plan", json!({}));
    let id = plan["plan_id"].as_str().unwrap();
    let file = site.folder.path().join("root/staging/.eos/plans").join(id).join("plan.json");
    for statuses in [json!({ "net": "blocked" }), json!({})] {
        std::fs::write(&file, json!({ "statuses": statuses, "destroy": false }).to_string()).unwrap();
        let [approve, apply, show] = answers(&site, &plan["plan_id"]);
        assert_eq!(approve["retcode"], 1, "{approve:#}");
        if statuses["net"] == "blocked" {
            assert_eq!(apply["retcode"], 1, "{apply:#}");
            contains(&text(&apply), &["net", "blocked"]);
        }
        contains(&text(&show), &["it cannot be applied"]);
    }
}

#[test]
fn a_plan_that_was_applied_says_by_which_run_when_and_by_whom() {
    let mut site = Site::new();
    site.component("net", READS, json!({ "variables": { "value": 1 } }));
    let plan = site.run("plan", json!({}));
    let identity = || eos::operation::CallerIdentity { user: "berta".to_owned(), ..Default::default() };
    let arguments = json!({ "plan_id": plan["plan_id"], "environment": "staging" });
    let applied = site.call(&crate::support::NoSalt, identity(), "apply", arguments);
    assert_eq!(applied["result"], true, "{applied:#}");
    let [approve, apply, show] = answers(&site, &plan["plan_id"]);
    let host = host_name();
    for report in [&apply, &show] {
        let run = applied["run_id"].as_str().unwrap();
        contains(
            &text(report),
            &["was already applied", run, "berta", &host, &applied["started"].as_str().unwrap()[..13]],
        );
    }
    assert_eq!((&approve["retcode"], &apply["retcode"]), (&json!(1), &json!(1)), "{approve:#}");
    assert_eq!(apply["error"]["code"], "plan_spent", "{apply:#}");
    contains(&text(&approve), &["was already applied", "berta"]);
}

fn host_name() -> String {
    let output = std::process::Command::new("uname").arg("-n").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_plan_whose_apply_failed_names_that_run() {
    let mut site = Site::new();
    let fails = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {\n  \
                 depends_on = [terraform_data.a]\n  provisioner \"local-exec\" { command = \"false\" }\n}\n";
    site.component("net", fails, json!({}));
    let plan = site.run("plan", json!({}));
    let failed = by_id(&site, "apply", &plan["plan_id"]);
    assert_eq!(statuses(&failed)["net"], "failed", "{failed:#}");
    let again = by_id(&site, "apply", &plan["plan_id"]);
    assert_eq!(again["error"]["code"], "plan_moved", "{again:#}");
    contains(&text(&again), &["the state", failed["run_id"].as_str().unwrap(), "failed"]);
}

#[test]
fn what_reads_pending_outputs_says_what_comes_next_before_and_after_the_apply() {
    let mut site = Site::new();
    site.component("net", NEEDS, json!({ "variables": { "token": "x" } }));
    site.component("dns", READS, json!({ "from_outputs": { "value": "net.token" } }));
    let plan = site.run("plan", json!({}));
    assert_eq!(statuses(&plan)["dns"], "pending_inputs", "{plan:#}");
    let applied = by_id(&site, "apply", &plan["plan_id"]);
    assert_eq!((&applied["result"], &*statuses(&applied)["dns"]), (&Value::Null, "pending_inputs"));
    let shown = by_id(&site, "show", &plan["plan_id"]);
    contains(&text(&plan), &["dns: reads net.token", "then, for what has no plan yet: "]);
    for report in [&applied, &shown] {
        let parts = ["dns: it has no plan, because it reads outputs of net", "now, for what had no plan: "];
        contains(&text(report), &parts);
    }
    assert!(!text(&shown).contains("then, for what"), "{}", text(&shown));
    for report in [&plan, &applied, &shown] {
        contains(&text(report), &["salt-run infrastructure.orchestrate staging\n"]);
    }
}
