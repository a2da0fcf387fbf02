//! Terraform's own locks after a kill. They are freed only if the holder is proved to be dead.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::http_backend::HttpBackend;
use crate::support::killed;
use crate::support::killed::{kill, kill_all, until_hangs};
use crate::support::moto::Moto;
use crate::support::postgres::Postgres;
use crate::support::world::World;
use crate::support::{Site, statuses};

fn site(world: &World, backend: Value, keys: &[(&str, &str)]) -> Site {
    let mut site = Site::new();
    let env: serde_json::Map<_, _> =
        keys.iter().map(|(name, value)| ((*name).into(), json!(value))).collect();
    site.infrastructure["settings"]["terraform"] =
        json!({ "cli_config_file": world.cli_config(), "env": env });
    // If a lock were freed wrongly, a plan would reach the fault that hangs.
    site.infrastructure["settings"]["timeouts"] = json!({ "plan": 60, "stop_grace": 1 });
    if !backend.is_null() {
        site.infrastructure["settings"]["backend"] = backend;
    }
    // One after the other: if a run is killed in the second, it has completed the first.
    let things = [("one", ""), ("two", "  depends_on = [world_thing.one]\n")].map(|(name, rest)| {
        format!("resource \"world_thing\" \"{name}\" {{\n  name = \"{name}\"\n{rest}}}\n")
    });
    site.component("net", &(world.provider("net") + &things.concat()), json!({}));
    site
}

fn hang(world: &World, on: &str) {
    world.faults(&json!([{ "id": on, "do": "hang", "on": on, "when": "after", "name": "two" }]));
}

/// Kills Eos, terraform and its provider during this call on `two`.
fn killed_in(world: &World, site: &Site, on: &str) {
    hang(world, on);
    let us = killed::start(site);
    let call = until_hangs(world, on, "two");
    kill_all(us, &call);
    world.faults(&json!([]));
}

/// Runs terraform in the component's workdir, without Eos.
fn by_hand(site: &Site, keys: &[(&str, &str)], arguments: &[&str]) -> Child {
    Command::new("terraform")
        .args(arguments)
        .current_dir(site.workdir("net").join("module"))
        .env("TF_DATA_DIR", site.workdir("net").join(".terraform"))
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .envs(keys.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn end(mut terraform: Child, call: &Value) {
    terraform.kill().unwrap();
    terraform.wait().unwrap();
    kill(&call["provider"]);
}

fn lock_info(site: &Site) -> PathBuf {
    site.workdir("net").join(".terraform.tfstate.lock.info")
}

fn net(report: &Value) -> &Value {
    &report["components"]["net"]
}

fn notes(report: &Value) -> String {
    net(report)["notes"].to_string()
}

const LEFT: &str = "removed the lock of a dead terraform";
const FREED: &str = "released the backend's lock";

#[test]
fn the_lock_of_a_killed_terraform_on_a_local_state_is_explained_and_removed() {
    let Some(world) = World::new() else { return };
    let site = site(&world, Value::Null, &[]);
    killed_in(&world, &site, "create");
    assert!(lock_info(&site).exists());
    let next = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&next)["net"], "applied", "{next:#}");
    assert!(notes(&next).contains(LEFT) && notes(&next).contains("OperationTypeApply"), "{next:#}");
    assert!(!lock_info(&site).exists());
}

#[test]
fn the_lock_of_a_living_terraform_on_a_local_state_is_not_removed() {
    let Some(world) = World::new() else { return };
    let site = site(&world, Value::Null, &[]);
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["net"], "applied");
    hang(&world, "read");
    let state = format!("-state={}", site.workdir("net").join("terraform.tfstate").display());
    let hand = by_hand(&site, &[], &["plan", "-input=false", &state]);
    let call = until_hangs(&world, "read", "two");
    let refused = site.run("orchestrate", json!({}));
    assert_eq!(net(&refused)["reason"], "state_locked", "{refused:#}");
    assert!(!notes(&refused).contains(LEFT), "{refused:#}");
    assert!(lock_info(&site).exists());
    end(hand, &call);
    world.faults(&json!([]));
    let next = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&next)["net"], "unchanged", "{next:#}");
    assert!(notes(&next).contains(LEFT), "{next:#}");
}

#[test]
fn an_s3_lock_is_released_when_its_terraform_is_proved_dead() {
    let (Some(world), Some(moto)) = (World::new(), Moto::new()) else { return };
    let site = site(&world, moto.backend(), &moto.keys());
    for (on, status) in [("create", "applied"), ("read", "unchanged")] {
        killed_in(&world, &site, on);
        let next = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&next)["net"], status, "{next:#}");
        assert!(notes(&next).contains(FREED), "{next:#}");
        let third = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&third)["net"], "unchanged", "{third:#}");
        assert!(!notes(&third).contains(FREED), "{third:#}");
    }
    assert!(world.overlaps().is_empty());
}

#[test]
fn an_s3_lock_that_the_dead_terraform_did_not_take_is_explained_and_not_released() {
    let (Some(world), Some(moto)) = (World::new(), Moto::new()) else { return };
    let site = site(&world, moto.backend(), &moto.keys());
    let held = |why: &str| {
        hang(&world, "read");
        let hand = by_hand(&site, &moto.keys(), &["plan", "-input=false"]);
        let call = until_hangs(&world, "read", "two");
        let refused = site.run("orchestrate", json!({}));
        let error = &net(&refused)["error"];
        assert_eq!(error["code"], "state_locked", "{refused:#}");
        assert!(error["message"].as_str().unwrap().contains(why), "{error:#}");
        assert!(error["remedy"].as_str().unwrap().contains("force-unlock"), "{error:#}");
        end(hand, &call);
        world.faults(&json!([]));
        // The command from the error. It works, so the lock still existed.
        let command = error["details"]["command"].as_str().unwrap();
        assert!(shell(command, &moto.keys()), "{command}");
    };
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["net"], "applied");
    held("no terraform of Eos was killed");
    // Now a terraform of Eos was killed. A person frees its lock before another client takes it.
    killed_in(&world, &site, "read");
    let listed = site.run("orchestrate", json!({ "test": true }));
    assert!(notes(&listed).contains(FREED), "{listed:#}");
    killed_in(&world, &site, "read");
    unlock(&site, &moto.keys());
    held("not acquired while");
}

#[test]
fn a_saved_plan_is_applied_despite_the_s3_lock_of_a_dead_terraform_but_not_of_a_living_one() {
    let (Some(world), Some(moto)) = (World::new(), Moto::new()) else { return };
    let site = site(&world, moto.backend(), &moto.keys());
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["net"], "applied");
    let id = world.things().into_keys().next().unwrap();
    let planned = |body: &str| {
        world.change(&id, body);
        let planned = site.run("plan", json!({}));
        assert_eq!(statuses(&planned)["net"], "planned", "{planned:#}");
        json!({ "plan_id": planned["plan_id"] })
    };
    let plan = planned("drifted");
    killed_in(&world, &site, "read");
    let applied = site.run("apply", plan);
    assert_eq!(statuses(&applied)["net"], "applied", "{applied:#}");
    assert!(notes(&applied).contains(FREED), "{applied:#}");

    let plan = planned("once more");
    hang(&world, "read");
    let hand = by_hand(&site, &moto.keys(), &["plan", "-input=false"]);
    let call = until_hangs(&world, "read", "two");
    let refused = site.run("apply", plan);
    assert_eq!(net(&refused)["error"]["code"], "state_locked", "{refused:#}");
    let said = net(&refused)["error"]["message"].as_str().unwrap();
    assert!(said.contains("no terraform of Eos was killed"), "{refused:#}");
    assert_eq!(world.things()[&id]["body"], "once more");
    end(hand, &call);
}

#[test]
fn the_pg_lock_ends_with_the_session_of_a_killed_terraform_and_the_next_run_continues() {
    let (Some(world), Some(postgres)) = (World::new(), Postgres::new()) else { return };
    let site = site(&world, postgres.backend(), &postgres.keys());
    killed_in(&world, &site, "create");
    let next = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&next)["net"], "applied", "{next:#}");
    assert!(!notes(&next).contains(FREED), "{next:#}");
    // Both were created, and the server has the state of neither.
    let orphans = net(&next)["possible_orphans"].as_array().unwrap();
    let ids: Vec<_> = orphans.iter().map(|orphan| &orphan["id"]).collect();
    assert!(ids.len() == 2 && ids.contains(&&Value::Null), "{next:#}");
    let one = ids.iter().find_map(|id| id.as_str()).unwrap();
    assert_eq!(world.things()[one]["name"], "one");
    assert_eq!(world.names(), ["one", "one", "two", "two"]);
    let third = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&third)["net"], "unchanged", "{third:#}");
    assert!(world.overlaps().is_empty());
}

/// Frees the lock without knowing its id: terraform reports the id when a plan is refused.
fn unlock(site: &Site, keys: &[(&str, &str)]) {
    let said = Command::new("terraform")
        .args(["plan", "-input=false", "-no-color"])
        .current_dir(site.workdir("net").join("module"))
        .env("TF_DATA_DIR", site.workdir("net").join(".terraform"))
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .envs(keys.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    let id =
        said.lines().find_map(|line| line.split_once("ID: ").map(|(_, id)| id.trim().to_owned())).unwrap();
    assert!(by_hand(site, keys, &["force-unlock", "-force", &id]).wait().unwrap().success());
}

fn shell(command: &str, keys: &[(&str, &str)]) -> bool {
    let mut shell = Command::new("/bin/sh");
    let shell = shell.args(["-c", command]).env("TF_CLI_CONFIG_FILE", "/dev/null").envs(keys.iter().copied());
    shell.output().unwrap().status.success()
}

#[test]
fn a_lock_with_an_unknown_holder_is_left_to_a_person_with_its_true_id() {
    let Some(world) = World::new() else { return };
    let backend = HttpBackend::new();
    let addresses =
        ["address", "lock_address", "unlock_address"].map(|name| (name.to_owned(), json!(backend.url())));
    let mut arguments = Value::Object(addresses.into_iter().collect());
    arguments["type"] = json!("http");
    let site = site(&world, arguments, &[]);
    killed_in(&world, &site, "create");
    let id = backend.lock().unwrap()["ID"].clone();
    let refused = site.run("orchestrate", json!({}));
    let error = &net(&refused)["error"];
    assert_eq!(error["code"], "state_locked", "{refused:#}");
    assert_eq!(error["details"]["lock"]["id"], id);
    assert!(error["message"].as_str().unwrap().contains("does not say who holds it"), "{error:#}");
    assert_eq!(backend.lock().unwrap()["ID"], id);
    // The report still names the possible orphans: the server has none of them, completed or not.
    let orphans = net(&refused)["possible_orphans"].as_array().unwrap();
    let one = world.things().into_iter().find(|(_, thing)| thing["name"] == "one").unwrap().0;
    assert_eq!((orphans.len(), &orphans[0]["id"], &orphans[1]["id"]), (2, &json!(one), &Value::Null));
    let command = error["details"]["command"].as_str().unwrap();
    assert!(command.contains(id.as_str().unwrap()) && shell(command, &[]), "{command}");
    let next = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&next)["net"], "applied", "{next:#}");
    assert_eq!(net(&next)["possible_orphans"].as_array().map(Vec::len), Some(2), "{next:#}");
}
