//! Claims about a component's hooks, with a real Consul, a file, a web server, and a Salt whose answers the test sets.

use serde_json::{Value, json};

use crate::support::salt::{Salt, states};
use crate::support::server::Server;
use crate::support::web::Web;
use crate::support::{Site, statuses};

const WEB: &str = r#"
variable "cidr" { default = "10.0.0.0/16" }
resource "terraform_data" "web" { input = var.cidr }
output "cidr" { value = terraform_data.web.output }
output "address" { value = "10.0.0.7" }
output "port" { value = "8080" }
output "targets" { value = ["10.0.0.7:9100", "10.0.0.8:9100"] }
output "key" {
  value     = "hunter2-of-the-module"
  sensitive = true
}
"#;

fn site(hooks: Value) -> Site {
    let mut site = Site::new();
    site.component("web", WEB, json!({ "hooks": hooks }));
    site
}

fn consul() -> Option<Server> {
    Server::consul()
}

fn raw(server: &Server, key: &str) -> Option<String> {
    let (status, body) = server.call("GET", &format!("/v1/kv/{key}?raw"), "");
    (status == 200).then_some(body)
}

#[test]
fn consul_gets_the_configured_keys_and_no_secret() {
    let Some(server) = consul() else { return };
    let mut site = site(json!([{ "consul_kv": {} }]));
    site.infrastructure["settings"]["consul"] =
        json!({ "address": format!("http://127.0.0.1:{}", server.port) });
    site.infrastructure["settings"]["run_hooks"] = json!([{ "consul_kv": {} }]);
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    let last: Value = serde_json::from_str(&raw(&server, "terraform/staging/last_run").unwrap()).unwrap();
    assert_eq!((&last["run_id"], &last["moment"]), (&report["run_id"], &json!("finished")));
    assert_eq!(last["components"]["web"]["status"], "applied");
    let key = |name: &str| raw(&server, &format!("terraform/staging/web/{name}"));
    let metadata: Value = serde_json::from_str(&key("metadata").unwrap()).unwrap();
    assert_eq!(
        (&metadata["component"], &metadata["environment"], &metadata["status"]),
        (&json!("web"), &json!("staging"), &json!("applied"))
    );
    assert!(metadata["updated_at"].as_str().unwrap().ends_with('Z') && metadata["updated_by"].is_string());
    assert_eq!(key("outputs/cidr").unwrap(), "\"10.0.0.0/16\"");
    assert_eq!(key("outputs/targets").unwrap(), r#"["10.0.0.7:9100","10.0.0.8:9100"]"#);
    assert_eq!(key("health").unwrap(), "unknown");
    assert_eq!(key("last_snapshot"), report["components"]["web"]["snapshot_id"].as_str().map(str::to_owned));
    let all = server.get("/v1/kv/terraform/?keys").unwrap().to_string();
    assert!(!all.contains("outputs/key"), "{all}");

    site.component("web", &WEB.replace("targets", "others"), json!({ "hooks": [{ "consul_kv": {} }] }));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(key("outputs/targets"), None, "an output that is gone");
    assert!(key("outputs/others").is_some());

    assert_eq!(site.run("destroy", json!({ "confirm": "staging" }))["result"], true);
    let metadata: Value = serde_json::from_str(&key("metadata").unwrap()).unwrap();
    assert_eq!(metadata["status"], "destroyed");
    assert_eq!((key("outputs/cidr"), key("health")), (None, None));
}

#[test]
fn a_service_is_in_the_catalogue_until_it_is_destroyed() {
    let Some(server) = consul() else { return };
    let mut site = site(json!([{ "consul_service": {
        "name": "web", "address": { "output": "address" }, "port": { "output": "port" }, "tags": ["eos"],
        "checks": [{ "name": "up", "http": "http://10.0.0.7:8080/" }], "on_failure": "fail",
    } }]));
    site.infrastructure["settings"]["consul"] =
        json!({ "address": format!("http://127.0.0.1:{}", server.port) });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    let found = server.get("/v1/health/service/web").unwrap();
    let one = &found[0];
    assert_eq!(one["Node"]["Node"], "eos-staging-web");
    assert_eq!((&one["Service"]["Address"], &one["Service"]["Port"]), (&json!("10.0.0.7"), &json!(8080)));
    assert_eq!((&one["Checks"][0]["Name"], &one["Checks"][0]["Status"]), (&json!("up"), &json!("passing")));
    assert_eq!(site.run("destroy", json!({ "confirm": "staging" }))["result"], true);
    assert_eq!(server.get("/v1/health/service/web"), Some(json!([])));
}

#[test]
fn a_failing_hook_is_a_warning_unless_configured_as_a_failure() {
    let mut site = site(json!([{ "consul_kv": {} }]));
    // A server that answers but is not a Consul.
    let other = Web::always(400);
    site.infrastructure["settings"]["consul"] = json!({ "address": other.url() });
    let report = site.run("orchestrate", json!({}));
    let web = &report["components"]["web"];
    assert_eq!(
        (&web["status"], &report["result"]),
        (&json!("applied_with_warnings"), &json!(true)),
        "{report:#}"
    );
    assert!(web["notes"].to_string().contains("hooks:0 (consul_kv) failed"), "{report:#}");

    site.infrastructure["components"]["web"]["hooks"] = json!([{ "consul_kv": { "on_failure": "fail" } }]);
    site.component("after", WEB, json!({ "depends_on": ["web"] }));
    let report = site.run("orchestrate", json!({}));
    let web = &report["components"]["web"];
    assert_eq!((&web["status"], &web["reason"]), (&json!("failed"), &json!("hook_failed")), "{report:#}");
    assert_eq!(statuses(&report)["after"], "skipped");
    assert_eq!(statuses(&site.run("status", json!({})))["web"], "failed");
    site.infrastructure["components"]["web"]["hooks"] = json!([]);
    let resumed = site.run("resume", json!({}));
    assert_eq!(statuses(&resumed)["web"], "unchanged", "{resumed:#}");
    assert_ne!(resumed["components"]["web"]["reason"], "done_before", "its turn had not ended well");
    assert_eq!(statuses(&site.run("status", json!({})))["web"], "unchanged");
}

#[test]
fn a_targets_file_is_always_complete_and_is_removed_with_its_component() {
    let mut site = site(json!([]));
    let file = site.folder.path().join("web.json");
    site.infrastructure["components"]["web"]["hooks"] = json!([{ "prometheus": {
        "file": file, "targets": [{ "output": "targets" }, "10.0.0.9:9100"], "labels": { "env": "staging" },
    } }]);
    assert_eq!(site.run("orchestrate", json!({ "test": true }))["result"], Value::Null);
    assert!(!file.exists(), "a test tells nobody");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let targets = ["10.0.0.7:9100", "10.0.0.8:9100", "10.0.0.9:9100"];
    assert_eq!(written, json!([{ "targets": targets, "labels": { "env": "staging" } }]));
    assert_eq!(site.run("destroy", json!({ "confirm": "staging" }))["result"], true);
    assert!(!file.exists());
}

#[test]
fn a_webhook_gets_the_report_without_secrets() {
    let web = Web::always(200);
    let mut site = site(json!([]));
    let secret = site.folder.path().join("secret");
    std::fs::write(&secret, "hunter2-of-the-header").unwrap();
    site.infrastructure["components"]["web"]["hooks"] = json!([{ "webhook": {
        "url": format!("{}/x", web.url()), "headers": { "Authorization": format!("file:{}", secret.display()) },
        "body": { "channel": "ops" },
    } }]);
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    let asked = web.asked();
    let (head, body) = asked[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /x HTTP/1.1") && head.contains("hunter2-of-the-header"), "{head}");
    assert!(!body.contains("hunter2"), "{body}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["channel"], &body["component"]), (&json!("ops"), &json!("web")));
    assert_eq!(body["run_id"], report["run_id"]);
    assert_eq!(
        (&body["report"]["status"], &body["report"]["outputs"]["address"]),
        (&json!("applied"), &json!("10.0.0.7"))
    );

    web.answers_now(500);
    let report = site.run("orchestrate", json!({}));
    assert!(report["components"]["web"]["notes"].to_string().contains("HTTP 500"), "{report:#}");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
}

#[test]
fn hooks_run_in_order_and_one_that_fails_the_component_is_the_last() {
    let web = Web::always(500);
    let mut site = site(json!([]));
    let hook = |fails: &str| json!({ "webhook": { "url": web.url(), "on_failure": fails } });
    let file = site.folder.path().join("late.json");
    site.infrastructure["components"]["web"]["hooks"] =
        json!([hook("warn"), hook("fail"), { "prometheus": { "file": file, "targets": ["a:1"] } }]);
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["components"]["web"]["reason"], "hook_failed", "{report:#}");
    assert_eq!(web.asked().len(), 2);
    assert!(!file.exists());
}

fn states_hook() -> Value {
    json!({ "salt": { "target": "web*", "sls": "web.announce", "pillar": { "port": 80 } } })
}

/// A Salt whose states fail on its only minion.
fn ill() -> Salt {
    Salt::new(&["web1"], |job, _| Some(states(job, json!(false), json!({}))))
}

#[test]
fn hook_states_run_after_an_apply_and_neither_in_a_test_nor_on_destroy() {
    let (site, salt) = (site(json!([states_hook()])), Salt::well());
    assert_eq!(site.run_on(&salt, "orchestrate", json!({ "test": true }))["result"], Value::Null);
    assert!(salt.functions().is_empty());
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    {
        let calls = salt.calls.borrow();
        assert_eq!(
            (calls.len(), calls[0].function.as_str(), calls[0].target.as_str()),
            (1, "state.sls", "web*")
        );
        assert_eq!(json!(calls[0].keywords), json!({ "pillar": { "port": 80 } }));
    }
    assert_eq!(site.run_on(&salt, "destroy", json!({ "confirm": "staging" }))["result"], true);
    assert_eq!(salt.functions().len(), 1, "what was done is not undone");
}

#[test]
fn failed_or_unanswered_hook_states_are_a_warning_or_fail_the_component() {
    let mut site = site(json!([states_hook()]));
    for (salt, why) in [
        (ill(), "hooks:0 (salt) failed: 1 of 1 minion failed: web1: file.managed"),
        (Salt::new(&[], |_, _| None), "hooks:0 (salt) failed: no minion matches"),
    ] {
        site.infrastructure["components"]["web"]["hooks"] = json!([states_hook()]);
        let report = site.run_on(&salt, "orchestrate", json!({}));
        let web = &report["components"]["web"];
        assert_eq!(
            (&web["status"], &report["result"]),
            (&json!("applied_with_warnings"), &json!(true)),
            "{report:#}"
        );
        assert!(web["notes"].to_string().contains(why), "{report:#}");

        site.infrastructure["components"]["web"]["hooks"][0]["salt"]["on_failure"] = json!("fail");
        let report = site.run_on(&salt, "orchestrate", json!({}));
        let web = &report["components"]["web"];
        assert_eq!((&web["status"], &web["reason"]), (&json!("failed"), &json!("hook_failed")), "{report:#}");
        assert!(web["error"]["message"].as_str().unwrap().contains(why), "{report:#}");
    }
}

#[test]
fn a_failed_hook_fails_its_step_and_the_step_runs_again() {
    let mut site = Site::new();
    let file = site.folder.path().join("post.json");
    let told = json!({ "prometheus": { "file": file, "targets": ["10.0.0.9:9100"] } });
    let mut hook = states_hook();
    let post =
        |hooks: Value| json!({ "salt": { "target": "web*", "function": "test.ping" }, "hooks": hooks });
    // The step's own function succeeds; the states of its hook fail.
    let salt = Salt::new(&["web1"], |job, _| {
        let ping = eos::host::MinionReturn { value: json!(true), retcode: 0 };
        Some(if job.function == "test.ping" { ping } else { states(job, json!(false), json!({})) })
    });
    site.infrastructure["components"]["post"] = post(json!([hook, told]));
    site.component("after", WEB, json!({ "depends_on": ["post"] }));
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(report["components"]["post"]["status"], "applied_with_warnings", "{report:#}");
    assert!(report["components"]["post"]["notes"].to_string().contains("(salt) failed"), "{report:#}");
    assert_eq!((statuses(&report)["after"].as_str(), file.exists()), ("applied", true));

    hook["salt"]["on_failure"] = json!("fail");
    site.infrastructure["components"]["post"] = post(json!([hook]));
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(report["components"]["post"]["reason"], "hook_failed", "{report:#}");
    assert_eq!(statuses(&report)["after"], "skipped");
    assert_eq!(statuses(&site.run("status", json!({})))["post"], "failed");
    let well = Salt::well();
    let resumed = site.run_on(&well, "resume", json!({}));
    assert_eq!(resumed["result"], true, "{resumed:#}");
    assert_eq!(well.functions(), ["test.ping", "state.sls"], "its turn had not ended well");
}

#[test]
fn a_secret_of_another_component_that_a_minion_repeats_is_not_sent_by_a_hook() {
    let mut site = site(json!([]));
    site.component("app", "", json!({ "depends_on": ["web"], "hooks": [states_hook()] }));
    let salt = Salt::new(&["web1"], |job, _| {
        let mut said = states(job, json!(false), json!({}));
        said.value["file_|-x_|-/x_|-managed"]["comment"] = json!("wrote hunter2-of-the-module");
        Some(said)
    });
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert!(report["components"]["app"]["notes"].to_string().contains("wrote"), "{report:#}");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
}
