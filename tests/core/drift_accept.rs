//! Claims about accepting drift, its cause, and scheduled checks that cannot run.

use std::path::Path;

use eos::lock::{Holder, file};
use serde_json::{Value, json};

use crate::support::listener::scheduled_check;
use crate::support::world::World;
use crate::support::{Site, statuses};

/// A component with one thing that has a body, and one whose body is ignored.
fn web(world: &World, version: &str) -> Site {
    let things = "variable \"body\" { default = \"one\" }\n\
        resource \"world_thing\" \"plain\" {\n  name = \"plain\"\n  body = var.body\n}\n\
        resource \"world_thing\" \"kept\" {\n  name = \"kept\"\n  body = \"kept\"\n  lifecycle {\n    \
        ignore_changes = [body]\n  }\n}\n";
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    let provider =
        world.provider("web").replace("\"eos.test/eos/world\"", &format!("\"eos.test/eos/world\"{version}"));
    site.component("web", &(provider + things), json!({}));
    orchestrate(&site);
    site
}

fn orchestrate(site: &Site) {
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
}

fn change(world: &World, name: &str, body: &str) {
    let id = world.things().into_iter().find(|(_, thing)| thing["name"] == name).unwrap().0;
    world.change(&id, body);
}

fn look(site: &Site) -> Value {
    site.run("drift", json!({}))["components"]["web"].clone()
}

fn state(site: &Site) -> Value {
    serde_json::from_slice(&std::fs::read(site.workdir("web").join("terraform.tfstate")).unwrap()).unwrap()
}

fn accept(site: &Site, id: &Value, test: bool) -> Value {
    let done = site.run("accept_drift", json!({ "component": "web", "drift_id": id, "test": test }));
    assert!(!done["components"]["web"].is_null(), "{done:#}");
    done["components"]["web"].clone()
}

#[test]
fn accepting_drift_changes_the_state_and_no_resource_and_only_for_the_reported_drift() {
    let Some(world) = World::new() else { return };
    let site = web(&world, "");
    change(&world, "kept", "by hand");
    let seen = look(&site)["drift"]["drift_id"].clone();
    let (serial, things) = (state(&site)["serial"].clone(), world.things());
    let planned = accept(&site, &seen, true);
    assert_eq!(planned["status"], "planned", "{planned:#}");
    let addresses: Vec<_> =
        planned["resource_changes"].as_array().unwrap().iter().map(|one| &one["address"]).collect();
    assert_eq!((addresses, &state(&site)["serial"]), (vec![&json!("world_thing.kept")], &serial));

    change(&world, "kept", "by another hand");
    let moved = accept(&site, &seen, false);
    assert_eq!((&moved["reason"], &state(&site)["serial"]), (&json!("drift_moved"), &serial), "{moved:#}");
    change(&world, "kept", "by hand");
    let done = accept(&site, &seen, false);
    assert_eq!(done["status"], "applied", "{done:#}");
    assert!(done["snapshot_id"].is_string());
    assert_eq!(world.things(), things, "no resource was changed");
    assert_ne!(state(&site)["serial"], serial);
    assert_eq!(look(&site)["status"], "unchanged");
    let last = site.run("history", json!({}))["runs"][0].clone();
    assert_eq!((&last["operation"], &last["changes"]), (&json!("accept_drift"), &json!(true)));
    let resumed = site.run("resume", json!({ "run_id": last["run_id"] }));
    assert_eq!(resumed["error"]["code"], "not_resumable", "{resumed:#}");
    assert_eq!(accept(&site, &seen, false)["reason"], "drift_moved");

    // The configuration sets this value, so it is no drift any more, and the next plan changes it back.
    change(&world, "plain", "by hand");
    let seen = look(&site)["drift"]["drift_id"].clone();
    assert_eq!(accept(&site, &seen, false)["status"], "applied");
    let after = look(&site);
    let class = &after["drift"]["changes"][0]["class"];
    assert_eq!((&after["status"], class), (&json!("planned"), &json!("pending")), "{after:#}");
    orchestrate(&site);
    assert_eq!(look(&site)["status"], "unchanged");
}

#[test]
fn a_deleted_resource_can_be_accepted_and_is_created_by_the_next_run() {
    let Some(world) = World::new() else { return };
    let site = web(&world, "");
    let id = world.things().into_iter().find(|(_, thing)| thing["name"] == "plain").unwrap().0;
    world.delete(&id);
    let seen = look(&site)["drift"]["drift_id"].clone();
    assert_eq!(accept(&site, &seen, false)["status"], "applied");
    assert_eq!(state(&site)["resources"].as_array().unwrap().len(), 1);
    assert_eq!(look(&site)["drift"]["drift_detected"], false);
    orchestrate(&site);
    assert_eq!(world.names(), ["kept", "plain"]);
}

#[test]
fn the_cause_is_named_where_the_facts_decide_it() {
    let Some(world) = World::new() else { return };
    world.serve(&["eos.test/eos/world"], &["1.0.0", "1.1.0"]);
    let mut site = web(&world, "\n      version = \"1.0.0\"\n    ");
    let cause = |site: &Site| look(site)["drift"]["changes"][0]["cause"].clone();
    assert_eq!(look(&site)["status"], "unchanged");
    change(&world, "plain", "by hand");
    assert_eq!(cause(&site), "changed_outside");
    change(&world, "plain", "one");
    // The module asks for another version: nothing changes, and Eos cannot tell a difference from the provider's.
    let main = site.folder.path().join("modules/web/main.tf");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, text.replace("1.0.0", "1.1.0")).unwrap();
    assert_eq!(look(&site)["drift"]["configuration_changed"], true);
    orchestrate(&site);
    change(&world, "plain", "by hand");
    assert_eq!(cause(&site), Value::Null, "the provider was upgraded in the meantime");
    change(&world, "plain", "one");
    assert_eq!(look(&site)["status"], "unchanged");
    change(&world, "plain", "by hand");
    assert_eq!(cause(&site), "changed_outside", "the new version found no difference before");
    change(&world, "plain", "one");
    // Somebody applies other values without Eos.
    let module = site.workdir("web").join("module");
    let applied = std::process::Command::new("terraform")
        .args([
            "apply",
            "-auto-approve",
            "-input=false",
            "-no-color",
            "-var=body=three",
            "-state=../terraform.tfstate",
        ])
        .current_dir(&module)
        .env("TF_CLI_CONFIG_FILE", world.cli_config())
        .env("TF_DATA_DIR", site.workdir("web").join(".terraform"))
        .output()
        .unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    assert_eq!(cause(&site), "another_apply");
    site.infrastructure["components"]["web"]["variables"] = json!({ "body": "three" });
    orchestrate(&site);
    assert_eq!(look(&site)["status"], "unchanged");
}

fn held(path: &Path) -> file::FileLockGuard {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(file::acquire_now(path, &Holder::here())).unwrap()
}

#[test]
fn a_check_that_cannot_run_alerts_once_and_checks_never_overlap() {
    let mut site = Site::new();
    site.component("web", "resource \"terraform_data\" \"a\" {}\n", json!({}));
    orchestrate(&site);
    let control = site.folder.path().join("root/staging/.eos");
    let lock = held(&control.join("components/web/lock"));
    assert_eq!(scheduled_check(&site).1, []);
    let (report, events) = scheduled_check(&site);
    assert_eq!(statuses(&report)["web"], "skipped", "{report:#}");
    let [(tag, data)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(tag, "eos/staging/web/drift/failed");
    assert_eq!((&data["reason"], &data["seen"]), (&json!("busy"), &json!(2)), "{data:#}");
    assert_eq!(scheduled_check(&site).1, [], "once");
    lock.release();
    assert_eq!(scheduled_check(&site).1, []);
    assert!(!control.join("components/web/failed_check.json").exists(), "the check runs again");

    let lock = held(&control.join("drift_check.lock"));
    let (report, events) = scheduled_check(&site);
    assert_eq!((&report["result"], &report["error"]["code"]), (&json!(false), &json!("busy")), "{report:#}");
    assert_eq!(events[0].0, "eos/staging/drift/failed");
    // A person may look meanwhile.
    assert_eq!(look(&site)["status"], "unchanged");
    lock.release();
    assert_eq!(scheduled_check(&site).0["result"], true);
    site.infrastructure["settings"]["drift"] = json!({ "alert_after": 0 });
    let (_, events) = scheduled_check(&site);
    let reason = &events[0].1["reason"];
    assert_eq!((events[0].0.as_str(), reason), ("eos/staging/drift/failed", &json!("invalid")));
}
