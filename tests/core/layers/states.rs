//! Terraform's program, its backends and the locks.

use std::collections::BTreeSet;
use std::path::Path;

use eos::lock::Holder;
use eos::lock::file::{FileLockGuard, acquire_now};
use eos::view::text;
use serde_json::{Value, json};

use super::{codes, layers};
use crate::support::Site;
use crate::support::http_backend::HttpBackend;
use crate::support::ports::free_port;
use crate::support::program;
use crate::support::server::Server;

#[test]
fn a_missing_program_and_an_unreadable_module_hide_no_layer() {
    let mut site = Site::with_net();
    site.infrastructure["settings"]["terraform"] = json!({ "binary": "/nonexistent/terraform" });
    for operation in ["health", "status"] {
        let report = site.run(operation, json!({ "layers": true }));
        assert_eq!(report["retcode"], 1, "{report:#}");
        let terraform = &report["layers"]["terraform"];
        assert_eq!(
            (&terraform["status"], codes(terraform)),
            (&json!("unhealthy"), vec!["terraform_missing"]),
            "{terraform:#}"
        );
        assert_eq!(report["layers"]["salt"]["status"], "healthy", "{report:#}");
    }
    let mut site = Site::with_net();
    site.infrastructure["components"]["net"]["source"] = json!("/nonexistent/module");
    let report = site.run("health", json!({ "layers": true }));
    assert_eq!(report["error"]["code"], "invalid", "{report:#}");
    assert_eq!(report["layers"]["terraform"]["status"], "healthy", "{report:#}");
}

#[test]
fn a_call_that_is_wrong_asks_no_layer() {
    let report = Site::with_net().run("health", json!({ "layers": "perhaps" }));
    assert_eq!(report["error"]["details"]["problems"][0]["path"], "arguments:layers", "{report:#}");
    assert!(report.get("layers").is_none(), "{report:#}");
    let plain = Site::with_net().run("status", json!({}));
    assert!(plain.get("layers").is_none(), "{plain:#}");
}

fn backend(layers: &Value) -> &Value {
    &layers["terraform"]["facts"]["backends"][0]
}

#[test]
fn a_backend_is_asked_with_a_workdir_that_is_initialised_for_it() {
    let server = HttpBackend::new();
    let mut site = Site::with_net();
    site.infrastructure["settings"]["backend"] = json!({ "type": "http", "address": server.url() });
    let before = layers(&site);
    assert_eq!(backend(&before)["state"], "not_asked", "{before:#}");
    assert_eq!(backend(&before)["because"], "no component ran here with it", "{before:#}");
    assert_eq!(before["terraform"]["status"], "healthy", "{before:#}");

    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let state = server.state();
    let runs = site.folder.path().join("root/staging/.eos/runs");
    let listed =
        || std::fs::read_dir(&runs).unwrap().map(|one| one.unwrap().file_name()).collect::<BTreeSet<_>>();
    let kept = listed();
    let found = layers(&site);
    assert_eq!(
        (&backend(&found)["state"], &backend(&found)["asked_with"]),
        (&json!("reachable"), &json!("net"))
    );
    assert_eq!((server.state(), server.lock()), (state, None), "a question changes nothing");
    assert_eq!(listed(), kept, "a question is no run, and leaves no copy of the state");
    assert_eq!(site.run("outputs", json!({}))["retcode"], 0);
    assert_eq!(listed(), kept, "the state was read for the outputs");

    // The workdir still belongs to the first backend.
    let port = free_port();
    site.infrastructure["settings"]["backend"]["address"] = json!(format!("http://127.0.0.1:{port}/state"));
    let moved = layers(&site);
    assert_eq!(backend(&moved)["state"], "not_asked", "{moved:#}");
}

#[test]
fn a_backend_is_asked_also_where_opentofu_evaluates_the_sources_of_child_modules() {
    let Some(tofu) = program::opentofu() else { return };
    let (server, mut site) = (HttpBackend::new(), Site::with_net());
    site.infrastructure["settings"]["terraform"] = json!({ "binary": tofu.path });
    site.infrastructure["settings"]["backend"] = json!({ "type": "http", "address": server.url() });
    let main = "variable \"child\" {}\nmodule \"m\" {\n  source = \"./${var.child}\"\n}\n";
    site.component("net", main, json!({ "variables": { "child": "a" } }));
    let child = site.folder.path().join("modules/net/a");
    std::fs::create_dir_all(&child).unwrap();
    std::fs::write(child.join("main.tf"), "resource \"terraform_data\" \"net\" {}\n").unwrap();
    let run = site.run("orchestrate", json!({}));
    assert_eq!(run["result"], true, "{run:#}");
    let found = layers(&site);
    assert_eq!(backend(&found)["state"], "reachable", "{found:#}");
}

#[test]
fn a_backend_that_is_away_is_told_in_terraforms_words() {
    let Some(consul) = Server::consul() else { return };
    let mut site = Site::with_net();
    let address = format!("127.0.0.1:{}", consul.port);
    site.infrastructure["settings"]["backend"] =
        json!({ "type": "consul", "address": address, "scheme": "http" });
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let found = layers(&site);
    assert_eq!(backend(&found)["state"], "reachable", "{found:#}");
    assert_eq!(found["consul"]["status"], "not_used", "it is the backend's: {found:#}");
    drop(consul);
    let found = layers(&site);
    assert_eq!(backend(&found)["state"], "unreachable", "{found:#}");
    assert_eq!(found["terraform"]["status"], "unhealthy", "{found:#}");
    assert_eq!(codes(&found["terraform"]), ["backend_unreachable"], "{found:#}");
    assert!(found["terraform"]["faults"][0]["message"].as_str().unwrap().contains("refused"), "{found:#}");
}

fn hold(path: &Path, holder: &Holder) -> FileLockGuard {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(acquire_now(path, holder)).unwrap()
}

#[test]
fn held_and_stale_locks_name_their_holders() {
    let site = Site::with_net();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let path = site.folder.path().join("root/staging/.eos/components/net/lock");
    let holder = Holder {
        run_id: "01RUN".into(),
        user: "joe".into(),
        operation: "orchestrate".into(),
        ..Holder::here()
    };
    let guard = hold(&path, &holder);
    let held = layers(&site)["terraform"].clone();
    let lock = &held["facts"]["locks"][0];
    assert_eq!(
        (&lock["component"], &lock["run_id"], &lock["user"], &lock["since"], &lock["stale"]),
        (&json!("net"), &json!("01RUN"), &json!("joe"), &json!(holder.since), &json!(false)),
        "{held:#}"
    );
    assert_eq!((&held["status"], codes(&held)), (&json!("healthy"), vec![]), "{held:#}");
    guard.release();

    // A guardian holds the lock of a process that was killed.
    let guard = hold(&path, &Holder { start_time: holder.start_time + 1, ..holder });
    let stale = layers(&site)["terraform"].clone();
    assert_eq!((&stale["status"], codes(&stale)), (&json!("degraded"), vec!["lock_stale"]), "{stale:#}");
    let message = stale["faults"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("the lock of net is held by run 01RUN (orchestrate)"), "{message}");
    guard.release();
}

#[test]
fn locks_in_a_consul_that_is_away_hide_no_layer() {
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}");
    let mut site = Site::with_net();
    site.infrastructure["settings"]["lock"] = json!({ "type": "consul", "address": address });
    let report = site.run("status", json!({ "layers": true }));
    assert_eq!((&report["error"]["code"], &report["retcode"]), (&json!("lock_unreachable"), &json!(1)));
    let (terraform, consul) = (&report["layers"]["terraform"], &report["layers"]["consul"]);
    assert_eq!(codes(terraform), ["lock_unreachable"], "{terraform:#}");
    assert_eq!(codes(consul), ["consul_unreachable"], "{consul:#}");
    assert_eq!(consul["facts"]["clusters"][0]["used_for"], json!(["locks"]), "{consul:#}");
    let remedy = consul["faults"][0]["remedy"].as_str().unwrap();
    assert!(remedy.contains("infrastructure:settings:lock:address"), "{remedy}");
    assert!(text(&report, false).contains("\n  salt       healthy"), "{}", text(&report, false));
}

#[test]
fn a_lock_that_a_killed_terraform_may_have_left_in_the_backend_is_told() {
    let server = HttpBackend::new();
    let mut site = Site::with_net();
    site.infrastructure["settings"]["backend"] = json!({ "type": "http", "address": server.url() });
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let marker =
        json!({ "run_id": "01DEAD", "step": "apply", "started": "2026-11-27T00:00:00Z", "host": "gone" });
    let path = site.folder.path().join("root/staging/.eos/components/net/locking.json");
    std::fs::write(&path, marker.to_string()).unwrap();
    let found = layers(&site)["terraform"].clone();
    assert_eq!(
        (&found["status"], codes(&found)),
        (&json!("degraded"), vec!["backend_lock_left"]),
        "{found:#}"
    );
    let message = found["faults"][0]["message"].as_str().unwrap();
    assert!(message.contains("01DEAD on gone") && message.contains("2026-11-27T00:00:00Z"), "{message}");
}

/// A Consul that is away cannot say who holds the lock. The file of this host can.
#[test]
fn a_terraform_that_runs_is_not_told_as_killed() {
    let server = HttpBackend::new();
    let mut site = Site::with_net();
    site.infrastructure["settings"]["backend"] = json!({ "type": "http", "address": server.url() });
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let component = site.folder.path().join("root/staging/.eos/components/net");
    let marker =
        json!({ "run_id": "01RUN", "step": "apply", "started": "2026-11-27T00:00:00Z", "host": "here" });
    std::fs::write(component.join("locking.json"), marker.to_string()).unwrap();
    let guard = hold(&component.join("lock"), &Holder { run_id: "01RUN".into(), ..Holder::here() });
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}");
    site.infrastructure["settings"]["lock"] = json!({ "type": "consul", "address": address });
    let report = site.run("status", json!({ "layers": true }));
    assert_eq!(codes(&report["layers"]["terraform"]), ["lock_unreachable"], "{report:#}");
    guard.release();
}
