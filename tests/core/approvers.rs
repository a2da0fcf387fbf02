//! Claims about the setting `approvals`: whose approval counts, when it is given and when it is used.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use eos::host::{Host, UserGroups};
use eos::model::{Authentication, Identity};
use eos::operation::CallerIdentity;
use serde_json::{Value, json};

use crate::support::{NoSalt, Site, statuses, without_salt};

const A: &str = "resource \"terraform_data\" \"a\" {}\n";
const AB: &str = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n";

/// A Salt with these accounts for its user, and without an answer to the question for groups.
#[derive(Default)]
struct Down {
    accounts: BTreeSet<u32>,
}

impl Host for Down {
    without_salt!();

    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, _: &str) {}
    fn groups(&self) -> Result<UserGroups, String> {
        Err("the directory is down".to_owned())
    }
    fn accounts(&self) -> BTreeSet<u32> {
        self.accounts.clone()
    }
}

fn account(number: u32) -> Down {
    Down { accounts: [number].into() }
}

/// A Salt whose users are all in the group `ops`.
struct Ops;

impl Host for Ops {
    without_salt!();

    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, _: &str) {}
    fn groups(&self) -> Result<UserGroups, String> {
        Ok(UserGroups { of: "the system".to_owned(), names: ["ops".to_owned()].into() })
    }
}

/// Calls as a user whom Salt authenticated, or as root of the master.
fn by(site: &Site, host: &dyn Host, user: &str, operation: &str, arguments: Value) -> Value {
    let authentication = if user == "root" { Authentication::System } else { Authentication::Salt };
    let known = Identity { name: user.to_owned(), authentication, ..Identity::default() };
    let identity = CallerIdentity { user: user.to_owned(), known, ..CallerIdentity::default() };
    site.call(host, identity, operation, arguments)
}

/// The id of a plan of this user, which policy stops.
fn stopped(site: &mut Site, author: &str) -> String {
    stopped_on(site, &NoSalt, author)
}

fn stopped_on(site: &mut Site, host: &dyn Host, author: &str) -> String {
    site.component("c", AB, json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.component("c", A, json!({}));
    let plan = by(site, host, author, "plan", json!({ "environment": "staging" }));
    assert_eq!(statuses(&plan)["c"], "blocked", "{plan:#}");
    plan["plan_id"].as_str().unwrap().to_owned()
}

fn rules(site: &mut Site, rules: Value) {
    site.infrastructure["environments"]["staging"] = json!({ "settings": { "approvals": rules } });
}

fn refusal(report: &Value) -> String {
    assert_eq!(report["error"]["code"], "may_not_approve", "{report:#}");
    report["error"]["message"].as_str().unwrap().to_owned()
}

fn files(site: &Site) -> PathBuf {
    site.folder.path().join("root/staging/.eos")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn an_approval_that_does_not_count_is_not_used_where_policy_allows_the_plan_meanwhile() {
    let mut site = Site::new();
    let plan_id = stopped(&mut site, "ada");
    let plan = json!({ "plan_id": plan_id });
    assert_eq!(by(&site, &NoSalt, "eve", "approve", plan.clone())["result"], true);
    rules(&mut site, json!({ "from": ["bob"] }));
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    // As if policy had not stopped it.
    let kept = files(&site).join(format!("plans/{plan_id}/c.json"));
    let mut stored = read(&kept);
    stored["stopped"] = Value::Null;
    std::fs::write(&kept, stored.to_string()).unwrap();
    let applied = by(&site, &NoSalt, "ada", "apply", plan);
    assert_eq!(applied["result"], true, "{applied:#}");
    assert!(!applied.to_string().contains("approved by"), "{applied:#}");
    let audit = std::fs::read_to_string(files(&site).join("audit.jsonl")).unwrap();
    assert!(audit.contains("\"approve\"") && !audit.contains("apply_approved"), "{audit}");
}

#[test]
fn an_approval_counts_by_the_rules_of_the_moment_at_which_it_is_used() {
    let mut site = Site::new();
    let plan_id = stopped(&mut site, "ada");
    let plan = json!({ "plan_id": plan_id });
    let approve = |site: &Site, host: &dyn Host, user: &str| by(site, host, user, "approve", plan.clone());
    // Without rules, everybody counts, as in earlier versions, whose files do not say how a name is known.
    let free = approve(&site, &NoSalt, "root");
    assert!(free.to_string().contains("approved by os:root (not authenticated)"), "{free:#}");
    let kept = files(&site).join(format!("plans/{plan_id}/c.approval.json"));
    let mut earlier = read(&kept);
    earlier["by"].as_object_mut().unwrap().remove("identity");
    std::fs::write(&kept, earlier.to_string()).unwrap();

    rules(&mut site, json!({ "from": ["alice", "ada", "group:ops"], "other_than_author": true }));
    let refused = site.run("apply", plan.clone());
    assert_eq!(statuses(&refused)["c"], "blocked", "{refused:#}");
    let message = refused["components"]["c"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("approval by root (not authenticated)") && message.contains("does not count"));
    let waiting = site.run("status", json!({}));
    assert_eq!(waiting["waiting"][0]["approved"], Value::Null, "{waiting:#}");
    assert!(eos::view::text(&waiting, false).contains("waits for approval: the approval by root"));
    let shown = site.run("show", json!({ "run_id": plan_id }));
    let shown = &shown["plan"]["components"]["c"];
    assert!(shown["approved"].is_null() && shown["why"].as_str().unwrap().contains("does not count"));

    // Whoever may not, may not.
    for (user, why) in [
        ("root", "os:root (not authenticated) may not approve"),
        ("mallory", "approvals:from does not name this user"),
        ("ada", "ada (authenticated by Salt) made this plan"),
    ] {
        let message = refusal(&approve(&site, &NoSalt, user));
        assert!(message.contains(why), "{message}");
    }
    assert_eq!(read(&kept), earlier, "a refused approval changes nothing");
    let audit = std::fs::read_to_string(files(&site).join("audit.jsonl")).unwrap();
    assert_eq!(audit.lines().filter(|line| line.contains("approve_refused")).count(), 3, "{audit}");

    // The group counts, and the approval takes the place of the one that does not.
    let approved = approve(&site, &Ops, "mallory");
    assert_eq!(approved["result"], true, "{approved:#}");
    assert!(approved.to_string().contains("approved by mallory (authenticated by Salt)"), "{approved:#}");
    assert_eq!(read(&kept)["groups"], json!({ "of": "the system", "names": ["ops"] }));
    // The rules may change until the apply.
    rules(&mut site, json!({ "from": "alice" }));
    assert_eq!(statuses(&site.run("apply", plan.clone()))["c"], "blocked");
    rules(&mut site, json!({ "from": "group:ops" }));
    let applied = site.run("apply", plan.clone());
    assert_eq!(statuses(&applied)["c"], "applied", "{applied:#}");
    assert!(applied.to_string().contains("approved by mallory (authenticated by Salt)"), "{applied:#}");
    let audit = std::fs::read_to_string(files(&site).join("audit.jsonl")).unwrap();
    rules(&mut site, json!({ "from": "nobody" }));
    let shown = site.run("show", json!({ "run_id": plan["plan_id"] }));
    let approved = shown["plan"]["components"]["c"]["approved"].as_str().unwrap();
    assert!(approved.starts_with("mallory (authenticated by Salt)"), "what was used stays: {shown:#}");
    let history = eos::view::text(&site.run("history", json!({})), false);
    assert!(history.contains("approve, by mallory (authenticated by Salt)"), "{history}");
    let used: Value = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
    let identity = json!({ "name": "mallory", "authentication": "salt" });
    assert_eq!((&used["did"], &used["approval"]["by"]["identity"]), (&json!("apply_approved"), &identity));
}

#[test]
fn nobody_approves_a_plan_whose_author_is_not_known_if_another_person_has_to() {
    let mut site = Site::new();
    let plan = json!({ "plan_id": stopped(&mut site, "root") });
    rules(&mut site, json!({ "other_than_author": true }));
    let message = refusal(&by(&site, &NoSalt, "alice", "approve", plan.clone()));
    assert!(message.contains("the plan is by os:root (not authenticated)"), "{message}");
    // With `local`, the system's word is enough: alice is not root.
    rules(&mut site, json!({ "other_than_author": true, "local": true }));
    assert!(refusal(&by(&site, &NoSalt, "root", "approve", plan.clone())).contains("made this plan"));
    let approved = by(&site, &NoSalt, "alice", "approve", plan);
    assert_eq!(approved["result"], true, "{approved:#}");
}

#[test]
fn a_directory_that_is_down_refuses_only_users_whom_no_name_allows_and_each_refusal_is_noted() {
    let mut site = Site::new();
    let plan = json!({ "plan_id": stopped(&mut site, "ada") });
    rules(&mut site, json!({ "from": ["alice", "group:ops"] }));
    let down = Down::default();
    let message = refusal(&by(&site, &down, "mallory", "approve", plan.clone()));
    assert!(message.contains("no group counts, because the directory is down"), "{message}");
    let audit = std::fs::read_to_string(files(&site).join("audit.jsonl")).unwrap();
    let noted: Value = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
    assert_eq!((&noted["did"], &noted["by"]["name"]), (&json!("approve_refused"), &json!("mallory")));
    assert!(noted["reason"].as_str().unwrap().contains("the directory is down"), "{noted:#}");
    assert_eq!(by(&site, &down, "alice", "approve", plan)["result"], true);
}

#[test]
fn one_account_with_two_names_is_no_other_person_and_an_unknown_account_is_said() {
    let mut site = Site::new();
    let plan = json!({ "plan_id": stopped_on(&mut site, &account(1000), "alice") });
    rules(&mut site, json!({ "other_than_author": true }));
    let message = refusal(&by(&site, &account(1000), "ali", "approve", plan.clone()));
    assert!(message.contains("alice (authenticated by Salt) made this plan"), "{message}");
    let approved = by(&site, &Down::default(), "bob", "approve", plan.clone());
    let notes = approved["components"]["c"]["notes"].to_string();
    assert!(notes.contains("bob and alice, who made the plan, were compared by their names only"), "{notes}");
    // The accounts are kept, so the use is judged by them too.
    let kept = files(&site).join(format!("plans/{}/c.approval.json", plan["plan_id"].as_str().unwrap()));
    let mut same = read(&kept);
    same["by"]["identity"]["accounts"] = json!([1000]);
    std::fs::write(&kept, same.to_string()).unwrap();
    assert_eq!(statuses(&site.run("apply", plan))["c"], "blocked");
}
