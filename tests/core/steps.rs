//! Claims about Salt steps between Terraform modules, with a Salt whose answers the test sets.

use std::collections::BTreeMap;

use eos::host::MinionReturn;
use serde_json::{Value, json};

use crate::support::salt::{Salt, states};
use crate::support::{Site, statuses};

const NET: &str = r#"
resource "terraform_data" "net" { input = "10.0.0.0/16" }
output "cidr" { value = terraform_data.net.output }
"#;
const APP: &str = r#"resource "terraform_data" "app" { input = "app" }"#;

/// A site with net, then the step, then app.
fn site(salt: Value) -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    site.component("app", APP, json!({ "depends_on": ["post"] }));
    site.infrastructure["components"]["post"] =
        json!({ "salt": salt, "from_outputs": { "cidr": "net.cidr" } });
    site
}

fn web(sls: &str) -> Value {
    json!({ "target": "web*", "sls": sls, "pillar": { "kept": [1] } })
}

fn all(app: &str, net: &str, post: &str) -> BTreeMap<String, String> {
    [("app", app), ("net", net), ("post", post)].map(|(name, word)| (name.to_owned(), word.to_owned())).into()
}

#[test]
fn a_step_runs_between_modules_and_gets_the_outputs_of_the_first() {
    let (site, salt) = (site(web("web.post")), Salt::well());
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&report), all("applied", "applied", "applied"), "{report:#}");
    let calls = salt.calls.borrow();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].target.as_str(), calls[0].target_type.as_str()), ("web*", "glob"));
    assert_eq!((calls[0].function.as_str(), &calls[0].arguments), ("state.sls", &vec![json!("web.post")]));
    assert_eq!(json!(calls[0].keywords), json!({ "pillar": { "kept": [1], "cidr": "10.0.0.0/16" } }));
    let told = &report["components"]["post"]["salt"];
    assert_eq!(told["jids"], json!(["0"]));
    assert_eq!(told["minions"]["web1"]["status"], "applied");
    assert_eq!(told["minions"]["web1"]["changed"][0]["function"], "file.managed");
    assert!(!site.workdir("post").exists(), "a step has no workdir");
}

#[test]
fn a_step_without_a_change_is_unchanged() {
    let site = site(web("web.post"));
    let salt = Salt::new(&["web1"], |job, _| Some(states(job, json!(true), json!({}))));
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&report)["post"], "unchanged", "{report:#}");
}

#[test]
fn a_failed_state_fails_the_step_and_skips_its_dependents() {
    let site = site(web("web.post"));
    let salt =
        Salt::new(&["web1", "web2"], |job, minion| Some(states(job, json!(minion != "web2"), json!({}))));
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&report), all("skipped", "applied", "failed"), "{report:#}");
    let post = &report["components"]["post"];
    assert_eq!(post["reason"], "salt_failed");
    let message = post["error"]["message"].as_str().unwrap();
    assert_eq!(message, "1 of 2 minions failed: web2: file.managed \"/x\": said");
    assert_eq!(post["salt"]["minions"]["web1"]["status"], "unchanged");
    let status = site.run("status", json!({}));
    assert_eq!(statuses(&status)["post"], "failed", "{status:#}");
}

#[test]
fn a_target_that_matches_no_minion_is_a_failure() {
    let site = site(web("web.post"));
    let salt = Salt::new(&[], |_, _| None);
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&report), all("skipped", "applied", "failed"), "{report:#}");
    let message = report["components"]["post"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("no minion matches \"web*\""), "{message}");
}

#[test]
fn a_silent_minion_is_named_and_the_step_does_not_wait_for_its_full_timeout() {
    let site = site(web("web.post"));
    let salt = Salt::new(&["web1", "web2"], |job, minion| {
        (minion == "web1").then(|| states(job, json!(true), json!({})))
    });
    let began = std::time::Instant::now();
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert!(began.elapsed().as_secs() < 120, "its timeout is ten minutes");
    let post = &report["components"]["post"];
    assert_eq!(post["error"]["message"], "1 of 2 minions failed: web2: did not answer", "{report:#}");
    assert!(salt.functions().contains(&"saltutil.find_job".to_owned()));
}

#[test]
fn a_step_waits_for_a_running_minion_until_its_timeout_and_then_stops_the_job() {
    let mut step = web("web.post");
    step["timeout"] = json!(8);
    let site = site(step);
    let salt = Salt::new(&["web1"], |job, _| {
        (job.function == "saltutil.find_job")
            .then(|| MinionReturn { value: json!({ "jid": "0" }), retcode: 0 })
    });
    let report = site.run_on(&salt, "orchestrate", json!({}));
    let message = report["components"]["post"]["error"]["message"].as_str().unwrap();
    assert_eq!(message, "1 of 1 minion failed: web1: did not end in time");
    assert_eq!(*salt.stopped.borrow(), ["0"]);
}

#[test]
fn a_test_runs_salt_states_in_test_mode() {
    let (mut site, salt) = (site(web("web.post")), Salt::well());
    let report = site.run_on(&salt, "orchestrate", json!({ "test": true }));
    assert_eq!(
        report["components"]["post"]["status"], "pending_inputs",
        "it reads what a plan decides: {report:#}"
    );
    assert!(salt.functions().is_empty());
    site.infrastructure["components"]["post"]["from_outputs"] = json!({});
    let report = site.run_on(&salt, "orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&report), all("planned", "planned", "planned"), "{report:#}");
    assert_eq!(report["result"], Value::Null);
    assert_eq!(salt.calls.borrow()[0].keywords["test"], json!(true));
    let status = site.run("status", json!({}));
    assert_eq!(statuses(&status)["post"], "absent", "a test is not recorded");
}

#[test]
fn a_function_is_called_by_keyword_and_never_in_a_test() {
    let site = site(
        json!({ "target": "*", "function": "service.restart", "args": ["nginx"], "kwargs": { "a": 1 } }),
    );
    let salt = Salt::new(&["web1"], |_, _| Some(MinionReturn { value: json!(true), retcode: 0 }));
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&report)["post"], "applied", "{report:#}");
    assert_eq!(json!(salt.calls.borrow()[0].keywords), json!({ "a": 1, "cidr": "10.0.0.0/16" }));
    assert_eq!(report["components"]["post"]["salt"]["minions"]["web1"]["said"], json!(true));
    let report = site.run_on(&salt, "orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&report)["post"], "planned", "{report:#}");
    assert_eq!(salt.calls.borrow().len(), 1);
}

#[test]
fn a_resumed_run_skips_a_completed_step_unless_its_inputs_changed() {
    let mut site = site(web("web.post"));
    site.component(
        "app",
        "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" { command = \"false\" }\n}",
        json!({ "depends_on": ["post"] }),
    );
    let salt = Salt::well();
    let failed = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&failed), all("failed", "applied", "applied"), "{failed:#}");
    let resumed = site.run_on(&salt, "resume", json!({}));
    assert_eq!(resumed["components"]["post"]["reason"], "done_before", "{resumed:#}");
    assert_eq!(salt.functions().len(), 1, "it was not run again");
    site.infrastructure["components"]["post"]["salt"]["pillar"]["kept"] = json!([2]);
    let resumed = site.run_on(&salt, "resume", json!({}));
    assert_eq!(resumed["components"]["post"]["status"], "applied", "{resumed:#}");
    assert_eq!(salt.functions().len(), 2);
}

#[test]
fn a_failed_batch_stops_the_later_batches() {
    let mut step = web("web.post");
    step["batch"] = json!(1);
    let site = site(step);
    let salt = Salt::new(&["web1", "web2", "web3"], |job, minion| {
        Some(states(job, json!(minion != "web2"), json!({ "d": 1 })))
    });
    let report = site.run_on(&salt, "orchestrate", json!({}));
    let minions = &report["components"]["post"]["salt"]["minions"];
    let of = |minion: &str| minions[minion]["status"].as_str().unwrap().to_owned();
    assert_eq!(
        (of("web1"), of("web2"), of("web3")),
        ("applied".into(), "failed".into(), "skipped".into()),
        "{report:#}"
    );
    assert_eq!(salt.functions(), ["test.ping", "state.sls", "state.sls"]);
}

#[test]
fn a_stop_stops_the_job_on_its_minions_and_reports_it() {
    let site = site(web("web.post"));
    let salt = Salt { stops_after: Some(1), ..Salt::new(&["web1"], |_, _| None) };
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&report), all("skipped", "applied", "cancelled"), "{report:#}");
    assert_eq!(*salt.stopped.borrow(), ["0"]);
    let message = report["components"]["post"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("job 0 was asked to stop on its minions"), "{message}");
}

#[test]
fn operations_for_modules_skip_a_step_with_a_clear_message() {
    let (site, salt) = (site(web("web.post")), Salt::well());
    assert_eq!(site.run_on(&salt, "orchestrate", json!({}))["result"], true);
    let reason =
        |report: &Value| report["components"]["post"]["reason"].as_str().unwrap_or_default().to_owned();
    let planned = site.run_on(&salt, "plan", json!({}));
    assert_eq!(
        (statuses(&planned)["post"].as_str(), reason(&planned).as_str()),
        ("unchanged", "salt_not_planned")
    );
    let drift = site.run_on(&salt, "drift", json!({}));
    assert_eq!((statuses(&drift)["post"].as_str(), reason(&drift).as_str()), ("unchanged", "salt_step"));
    let healthy = site.run_on(&salt, "health", json!({}));
    assert_eq!((statuses(&healthy)["post"].as_str(), reason(&healthy).as_str()), ("healthy", "no_gates"));
    let status = site.run_on(&salt, "status", json!({}));
    assert_eq!(statuses(&status)["post"], "applied");
    let back = site.run_on(&salt, "rollback", json!({ "components": "post" }));
    assert_eq!(back["error"]["code"], "invalid", "{back:#}");
    let outputs = site.run_on(&salt, "outputs", json!({}));
    assert_eq!(statuses(&outputs)["post"], "absent", "{outputs:#}");
    let gone = site.run_on(&salt, "destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&gone), all("destroyed", "destroyed", "unchanged"), "{gone:#}");
    assert_eq!(reason(&gone), "salt_not_undone");
    assert_eq!(salt.functions().len(), 1, "only the orchestration ran it");
}

#[test]
fn a_module_with_resources_cannot_become_a_step() {
    let mut site = site(web("web.post"));
    site.infrastructure["components"]["net"] =
        json!({ "source": site.infrastructure["components"]["net"]["source"] });
    assert_eq!(site.run("orchestrate", json!({ "components": "net" }))["result"], true);
    site.infrastructure["components"]["net"] = json!({ "salt": web("a") });
    site.infrastructure["components"]["post"]["from_outputs"] = json!({});
    let report = site.run_on(&Salt::well(), "orchestrate", json!({ "components": "net" }));
    assert_eq!(report["components"]["net"]["reason"], "has_resources", "{report:#}");
}

#[test]
fn a_secret_that_a_minion_repeats_is_masked() {
    let mut site = site(web("web.post"));
    let secret = site.folder.path().join("secret");
    std::fs::write(&secret, "hunter2-of-the-test").unwrap();
    site.infrastructure["settings"]["terraform"] =
        json!({ "env": { "TOKEN": format!("file:{}", secret.display()) } });
    let salt = Salt::new(&["web1"], |job, _| {
        let mut said = states(job, json!(false), json!({}));
        said.value["file_|-x_|-/x_|-managed"]["comment"] = json!("wrote hunter2-of-the-test");
        Some(said)
    });
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert!(
        report["components"]["post"]["error"]["message"].as_str().unwrap().contains("wrote"),
        "{report:#}"
    );
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
}

#[test]
fn a_step_ignores_terraforms_environment() {
    let salt = Salt::well();
    let mut site = Site::new();
    site.infrastructure["components"]["post"] = json!({ "salt": web("web.post") });
    site.infrastructure["settings"]["terraform"] = json!({ "env": { "A": "sdb://nothing/is/there" } });
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&report)["post"], "applied", "{report:#}");
}
