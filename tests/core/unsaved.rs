//! States that terraform could not save: `errored.tfstate` and emergency dumps, with a local state and with a server.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::http_backend::HttpBackend;
use crate::support::killed;
use crate::support::script::executable;
use crate::support::world::World;
use crate::support::{Site, statuses};

const THING: &str = "resource \"world_thing\" \"one\" {\n  name = \"one\"\n  body = var.body\n}\n\
                     variable \"body\" {\n  default = \"v1\"\n}\n";

fn site(world: &World) -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.component("one", &(world.provider("one") + THING), json!({}));
    site
}

fn set_body(site: &mut Site, body: &str) {
    site.infrastructure["components"]["one"]["variables"] = json!({ "body": body });
}

/// A site that was applied once, and whose state can no longer be written, because its backup cannot be written.
fn unwritable(world: &World) -> Site {
    let mut site = site(world);
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["one"], "applied");
    std::fs::create_dir(backup(&site)).unwrap();
    set_body(&mut site, "v2");
    site
}

fn state(site: &Site) -> PathBuf {
    site.workdir("one").join("terraform.tfstate")
}

fn backup(site: &Site) -> PathBuf {
    site.workdir("one").join("terraform.tfstate.backup")
}

fn errored(site: &Site) -> PathBuf {
    site.workdir("one").join("module/errored.tfstate")
}

/// The archived files whose names have this end.
fn archived(site: &Site, end: &str) -> Vec<PathBuf> {
    let folder = site.folder.path().join("root/staging/.eos/components/one/recovered");
    let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let all = entries.map(|entry| entry.unwrap().path());
    let found: Vec<_> = all.filter(|path| path.to_string_lossy().ends_with(end)).collect();
    for path in &found {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    found
}

fn serial(path: &Path) -> u64 {
    serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap()["serial"].as_u64().unwrap()
}

/// Checks that nothing remains to do, and that the world has only the wanted thing.
fn settled(world: &World, site: &Site) {
    let next = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&next)["one"], "unchanged", "{next:#}");
    assert_eq!(world.names(), ["one"]);
    assert!(archived(site, "-unsaved.tfstate").is_empty());
}

fn one(report: &Value) -> &Value {
    &report["components"]["one"]
}

fn notes(report: &Value) -> String {
    one(report)["notes"].to_string()
}

#[test]
fn an_unsaved_state_is_restored_as_soon_as_the_apply_has_failed() {
    let Some(world) = World::new() else { return };
    let site = unwritable(&world);
    let before = std::fs::read(state(&site)).unwrap();
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(one(&failed)["reason"], "terraform_failed", "{failed:#}");
    assert!(notes(&failed).contains("could not save was restored"), "{failed:#}");
    assert!(std::fs::read_to_string(state(&site)).unwrap().contains("v2"));
    assert!(!errored(&site).exists());
    assert_eq!(archived(&site, "-saved.tfstate").len(), 1);
    let replaced = archived(&site, "-replaced.tfstate");
    assert_eq!(std::fs::read(&replaced[0]).unwrap(), before);
    std::fs::remove_dir(backup(&site)).unwrap();
    settled(&world, &site);
}

#[test]
fn a_state_that_exists_only_in_the_stream_is_restored() {
    let Some(world) = World::new() else { return };
    let site = unwritable(&world);
    std::fs::create_dir(errored(&site)).unwrap();
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(one(&failed)["reason"], "terraform_failed", "{failed:#}");
    assert!(std::fs::read_to_string(state(&site)).unwrap().contains("v2"));
    assert_eq!(archived(&site, "-saved.tfstate").len(), 1);
    std::fs::remove_dir(backup(&site)).unwrap();
    settled(&world, &site);
}

/// Makes Eos die right after terraform has exited.
fn die_after_apply(site: &mut Site) {
    let script = site.folder.path().join("terraform");
    let text = "#!/bin/sh\n[ \"$1\" = apply ] || exec terraform \"$@\"\nterraform \"$@\"\nkill -9 $PPID\n";
    executable(&script, text);
    site.infrastructure["settings"]["terraform"]["binary"] = json!(script);
    killed::start(site).wait().unwrap();
    site.infrastructure["settings"]["terraform"]["binary"] = json!("terraform");
}

#[test]
fn the_next_run_restores_the_unsaved_state_of_a_crashed_run() {
    let Some(world) = World::new() else { return };
    for dumped in [false, true] {
        let mut site = unwritable(&world);
        if dumped {
            std::fs::create_dir(errored(&site)).unwrap();
        }
        die_after_apply(&mut site);
        assert_eq!(errored(&site).is_file(), !dumped);
        std::fs::remove_dir(backup(&site)).unwrap();
        let next = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&next)["one"], "unchanged", "{next:#}");
        assert!(notes(&next).contains("could not save was restored"), "{next:#}");
        settled(&world, &site);
        world.things().keys().for_each(|id| world.delete(id));
    }
}

#[test]
fn a_different_lineage_or_an_older_serial_is_refused_first_with_the_manual_command() {
    let Some(world) = World::new() else { return };
    let site = site(&world);
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["one"], "applied");
    let now: Value = serde_json::from_slice(&std::fs::read(state(&site)).unwrap()).unwrap();
    let (mut other, mut older) = (now.clone(), now.clone());
    (other["lineage"], other["serial"]) = (json!("another"), json!(99));
    older["serial"] = json!(0);
    for (left, why) in [(other.to_string(), "lineage"), (older.to_string(), "serial"), ("{".into(), "read")] {
        std::fs::write(errored(&site), &left).unwrap();
        let calls = world.operations().len();
        // The second time, the state is found in the archive.
        for _ in 0..2 {
            let refused = site.run("orchestrate", json!({}));
            let error = &one(&refused)["error"];
            assert_eq!(error["code"], "recovery_required", "{refused:#}");
            assert!(error["message"].as_str().unwrap().contains(why), "{error:#}");
            let file = archived(&site, "-unsaved.tfstate").remove(0);
            assert_eq!(error["details"]["file"], json!(file));
            let command = error["details"]["command"].as_str().unwrap();
            assert!(error["remedy"].as_str().unwrap().contains(command), "{error:#}");
            assert_eq!(std::fs::read_to_string(file).unwrap(), left);
        }
        assert_eq!(world.operations().len(), calls);
        let waiting = archived(&site, "-unsaved.tfstate").remove(0);
        std::fs::remove_file(waiting).unwrap();
    }
    settled(&world, &site);
}

/// A site whose state is on a server. The server can refuse writes after the thing was created.
fn on_a_server(world: &World, backend: &HttpBackend) -> Site {
    let mut site = site(world);
    let addresses =
        ["address", "lock_address", "unlock_address"].map(|name| (name.to_owned(), json!(backend.url())));
    site.infrastructure["settings"]["backend"] = Value::Object(addresses.into_iter().collect());
    site.infrastructure["settings"]["backend"]["type"] = json!("http");
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["one"], "applied");
    set_body(&mut site, "v2");
    site
}

#[test]
fn a_server_that_returns_gets_the_state_from_the_same_run() {
    let Some(world) = World::new() else { return };
    let backend = HttpBackend::new();
    let site = on_a_server(&world, &backend);
    // Refuses terraform's own attempt and the first attempt of Eos.
    backend.refuse_writes(2);
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(one(&failed)["reason"], "terraform_failed", "{failed:#}");
    assert!(notes(&failed).contains("could not save was restored"), "{failed:#}");
    assert!(backend.state().contains("v2"));
    settled(&world, &site);
}

#[test]
fn an_unreachable_server_blocks_the_component_and_gets_the_state_from_the_next_run() {
    let Some(world) = World::new() else { return };
    let backend = HttpBackend::new();
    let mut site = on_a_server(&world, &backend);
    backend.refuse_writes(u32::MAX);
    for _ in 0..2 {
        let refused = site.run("orchestrate", json!({}));
        let error = &one(&refused)["error"];
        assert_eq!(error["code"], "recovery_required", "{refused:#}");
        let command = error["details"]["command"].as_str().unwrap();
        assert!(command.contains("state push") && !command.contains("-force"), "{command}");
    }
    assert!(backend.state().contains("v1"));
    let waiting = archived(&site, "-unsaved.tfstate").remove(0);
    assert!(serial(&waiting) > 1);
    // Until then, the state is not moved to another backend either.
    let elsewhere = site.infrastructure["settings"]["backend"].take();
    let moved = site.run("orchestrate", json!({ "migrate_backend": true }));
    assert_eq!(one(&moved)["error"]["code"], "recovery_required", "{moved:#}");
    site.infrastructure["settings"]["backend"] = elsewhere;
    backend.refuse_writes(0);
    let next = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&next)["one"], "unchanged", "{next:#}");
    assert!(backend.state().contains("v2"));
    settled(&world, &site);
}

#[test]
fn a_cancelled_apply_is_saved_and_recorded_although_this_needs_another_terraform() {
    let Some(world) = World::new() else { return };
    let backend = HttpBackend::new();
    let site = on_a_server(&world, &backend);
    world.faults(&json!([{ "id": "1", "do": "hang", "on": "update", "when": "after" }]));
    let runs = site.folder.path().join("root/staging/.eos/runs");
    let cancelled = std::thread::scope(|scope| {
        let run = scope.spawn(|| site.run("orchestrate", json!({})));
        killed::until_hangs(&world, "update", "one");
        let newest = std::fs::read_dir(&runs).unwrap().map(|run| run.unwrap().file_name()).max().unwrap();
        site.run("cancel", json!({ "run_id": newest.to_str().unwrap() }));
        let stream = runs.join(&newest).join("one/apply.stdout");
        killed::until("terraform's stop", || {
            std::fs::read_to_string(&stream).unwrap().contains("Interrupt received")
        });
        world.faults(&json!([]));
        run.join().unwrap()
    });
    assert_eq!(statuses(&cancelled)["one"], "cancelled", "{cancelled:#}");
    assert!(notes(&cancelled).contains("are in the state, at serial 2"), "{cancelled:#}");
    assert!(one(&cancelled)["possible_orphans"].is_null(), "{cancelled:#}");
    assert!(!site.folder.path().join("root/staging/.eos/components/one/applying.json").exists());
    settled(&world, &site);
}
