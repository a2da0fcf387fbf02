//! Recovery after a crash, with a local state. Real processes are killed, and the world's files show the real
//! resources.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::killed;
use crate::support::killed::{kill, kill_all, until, until_hangs};
use crate::support::processes;
use crate::support::program;
use crate::support::script::executable;
use crate::support::world::World;
use crate::support::{Site, statuses};

const PAIR: &str = "resource \"world_thing\" \"first\" {\n  name = \"first\"\n  body = var.body\n}\n\
                    resource \"world_thing\" \"second\" {\n  name = \"second\"\n  body = world_thing.first.body\n}\n\
                    variable \"body\" {\n  default = \"one\"\n}\n";

/// A component with two things. The second depends on the first.
fn site(world: &World) -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.component("pair", &(world.provider("pair") + PAIR), json!({}));
    site
}

/// A wrapper for terraform that runs these lines for `apply`. In them, `"$@"` has terraform's arguments.
fn apply_by(site: &mut Site, lines: &str) {
    let script = site.folder.path().join("terraform");
    let text = format!("#!/bin/sh\nif [ \"$1\" = apply ]; then\n{lines}\nfi\nexec terraform \"$@\"\n");
    executable(&script, &text);
    site.infrastructure["settings"]["terraform"]["binary"] = json!(script);
}

fn set_body(site: &mut Site, body: &str) {
    site.infrastructure["components"]["pair"]["variables"] = json!({ "body": body });
}

fn hang(world: &World, on: &str, name: &str) {
    world.faults(&json!([{ "id": on, "do": "hang", "on": on, "when": "after", "name": name }]));
}

fn state(site: &Site) -> PathBuf {
    site.workdir("pair").join("terraform.tfstate")
}

fn control(site: &Site) -> PathBuf {
    site.folder.path().join("root/staging/.eos/components/pair")
}

fn copies(site: &Site) -> Vec<PathBuf> {
    let copies = ["copy-0.tfstate", "copy-1.tfstate"].map(|name| control(site).join(name));
    copies.into_iter().filter(|copy| copy.exists()).collect()
}

fn holds(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).unwrap_or_default().contains(text)
}

fn truncate(path: &Path) {
    let text = std::fs::read(path).unwrap();
    std::fs::write(path, &text[..text.len() / 2]).unwrap();
}

/// OpenTofu writes a local state like any other: at most every 20 seconds. `opentofu.rs` has a kill with it.
fn writes_each_step() -> bool {
    program::has("1.5", "never")
}

/// Kills everything during the creation of `second`, when a copy of the state already has `first`.
fn killed_in_second(world: &World, site: &Site) {
    hang(world, "create", "second");
    let us = killed::start(site);
    let call = until_hangs(world, "create", "second");
    until("a copy with the first", || copies(site).iter().any(|copy| holds(copy, "first-")));
    kill_all(us, &call);
    world.faults(&json!([]));
}

fn pair(report: &Value) -> &Value {
    &report["components"]["pair"]
}

fn notes(report: &Value) -> String {
    let notes = pair(report)["notes"].as_array().unwrap_or_else(|| panic!("no notes in {report:#}"));
    notes.iter().map(|note| note.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

fn applying(site: &Site) -> Value {
    serde_json::from_slice(&std::fs::read(control(site).join("applying.json")).unwrap()).unwrap()
}

/// The possible orphans in a report: address and id.
fn orphans(report: &Value) -> Vec<(String, Option<String>)> {
    let all = pair(report)["possible_orphans"].as_array().cloned().unwrap_or_default();
    let text = |one: &Value| one.as_str().map(str::to_owned);
    all.iter().map(|one| (text(&one["address"]).unwrap(), text(&one["id"]))).collect()
}

fn id_of(world: &World, name: &str) -> String {
    let things = world.things();
    things.into_iter().find(|(_, thing)| thing["name"] == name).unwrap_or_else(|| panic!("no {name}")).0
}

const SECOND: &str = "world_thing.second";

#[test]
fn creations_of_a_killed_run_are_named_and_their_import_command_works() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    let site = site(&world);
    killed_in_second(&world, &site);
    assert_eq!(world.names(), ["first", "second"]);

    let shown = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&shown)["pair"], "planned", "{shown:#}");
    assert_eq!(orphans(&shown), [(SECOND.to_owned(), None)]);
    assert_eq!(pair(&shown)["possible_orphans"][0]["type"], "world_thing");
    let said = notes(&shown);
    assert!(said.contains("was interrupted") && said.contains(SECOND), "{said}");

    let command = pair(&shown)["possible_orphans"][0]["import"].as_str().unwrap();
    let command = command.replace(" ID", &format!(" {}", id_of(&world, "second")));
    let imported = std::process::Command::new("/bin/sh")
        .args(["-c", &command])
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .output()
        .unwrap();
    assert!(imported.status.success(), "{command}: {}", String::from_utf8_lossy(&imported.stderr));
    let after = site.run("orchestrate", json!({}));
    assert_eq!(after["result"], true, "{after:#}");
    assert_eq!(world.names(), ["first", "second"]);
    assert!(orphans(&after).is_empty(), "{after:#}");
    assert!(world.overlaps().is_empty());
}

#[test]
fn an_apply_that_was_killed_after_it_destroyed_everything_is_continued() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    let only = "variable \"body\" {}\nresource \"world_thing\" \"only\" {\n  name = \"only\"\n  \
                replace_on = var.body\n}\n";
    let rest = json!({ "policy": { "allow_destroy": true }, "variables": { "body": "one" } });
    site.component("pair", &(world.provider("pair") + only), rest);
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    set_body(&mut site, "two");
    hang(&world, "create", "only");
    let us = killed::start(&site);
    kill_all(us, &until_hangs(&world, "create", "only"));
    world.faults(&json!([]));
    let again = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&again)["pair"], "applied", "{again:#}");
    assert_eq!(orphans(&again), [("world_thing.only".to_owned(), None)]);
}

#[test]
fn without_a_manual_import_an_orphan_is_created_again_and_reported_once() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    let site = site(&world);
    killed_in_second(&world, &site);
    let again = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&again)["pair"], "applied", "{again:#}");
    assert_eq!(orphans(&again), [(SECOND.to_owned(), None)]);
    assert_eq!(world.names(), ["first", "second", "second"]);
    assert!(!control(&site).join("applying.json").exists());
    assert!(copies(&site).is_empty());
    let third = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&third)["pair"], "unchanged", "{third:#}");
    assert!(orphans(&third).is_empty() && pair(&third)["notes"].is_null(), "{third:#}");
}

#[test]
fn orphans_not_reported_because_of_a_second_crash_are_reported_by_the_third_run() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    killed_in_second(&world, &site);
    let first_run = applying(&site)["run_id"].clone();
    apply_by(&mut site, "kill -9 $PPID; exit 1");
    killed::start(&site).wait().unwrap();
    assert_ne!(applying(&site)["run_id"], first_run);
    site.infrastructure["settings"]["terraform"]["binary"] = json!("terraform");
    let third = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&third)["pair"], "applied", "{third:#}");
    assert_eq!(orphans(&third), [(SECOND.to_owned(), None)]);
    assert_eq!(pair(&third)["possible_orphans"][0]["run_id"], first_run);
}

#[test]
fn orphans_found_by_a_crashed_run_are_reported_by_the_next_run() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    let later = world.provider("later") + "resource \"world_thing\" \"later\" {\n  name = \"later\"\n}\n";
    site.component("later", &later, json!({ "depends_on": ["pair"] }));
    killed_in_second(&world, &site);
    // The run recovers the first component, and dies in the second.
    hang(&world, "create", "later");
    let us = killed::start(&site);
    kill_all(us, &until_hangs(&world, "create", "later"));
    world.faults(&json!([]));
    assert!(!control(&site).join("applying.json").exists());

    let resumed = site.run("resume", json!({}));
    assert_eq!(pair(&resumed)["reason"], "done_before", "{resumed:#}");
    assert_eq!(orphans(&resumed), [(SECOND.to_owned(), None)]);
    let again = site.run("orchestrate", json!({}));
    assert!(orphans(&again).is_empty(), "{again:#}");
    assert!(!control(&site).join("unreported_orphans.json").exists());
}

#[test]
fn a_terraform_killed_during_a_run_is_in_the_report_of_this_run() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    let site = site(&world);
    hang(&world, "create", "second");
    let killer = std::thread::scope(|scope| {
        let run = scope.spawn(|| site.run("orchestrate", json!({})));
        let call = until_hangs(&world, "create", "second");
        kill(&call["terraform"]);
        run.join().unwrap()
    });
    assert_eq!(statuses(&killer)["pair"], "failed", "{killer:#}");
    assert_eq!(orphans(&killer), [(SECOND.to_owned(), None)]);
    assert!(notes(&killer).contains("possible orphans: world_thing.second"), "{killer:#}");
    assert!(!control(&site).join("applying.json").exists());
    assert!(holds(&state(&site), "first-"));
}

/// A terraform whose apply is killed after its changes, before it writes the state.
fn killed_before_its_state(site: &mut Site) {
    apply_by(
        site,
        "for one; do shift; case $one in -state=*) one=-state=$PWD/never ;; esac; set -- \"$@\" \"$one\"; done\n\
         [ -f ../terraform.tfstate ] && cp ../terraform.tfstate never\n\
         terraform \"$@\" | grep -v change_summary; rm -f never never.backup; kill -9 $$",
    );
}

#[test]
fn only_resources_in_the_surviving_state_are_reported_as_kept() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    let by_hand =
        |site: &mut Site| site.infrastructure["settings"]["terraform"]["binary"] = json!("terraform");
    killed_before_its_state(&mut site);
    let created = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&created)["pair"], "failed", "{created:#}");
    let said = notes(&created);
    assert!(said.contains("no state was written") && said.contains("(+2 ~0 -0) are in no state"), "{said}");
    assert!(!said.contains("kept") && orphans(&created).len() == 2, "{created:#}");

    by_hand(&mut site);
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    set_body(&mut site, "two");
    killed_before_its_state(&mut site);
    let changed = notes(&site.run("orchestrate", json!({})));
    assert!(changed.contains("(+0 ~2 -0) may be missing from the state"), "{changed}");
    let destroyed = notes(&site.run("destroy", json!({ "confirm": "staging" })));
    assert!(destroyed.contains("(+0 ~0 -2) may be missing from the state"), "{destroyed}");
}

#[test]
fn a_creation_with_a_crashed_provider_is_a_possible_orphan_and_a_refused_one_is_not() {
    let Some(world) = World::new() else { return };
    let site = site(&world);
    world.faults(&json!([{ "id": "1", "do": "fail", "on": "create", "when": "before", "name": "second" }]));
    let refused = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&refused)["pair"], "failed", "{refused:#}");
    assert!(orphans(&refused).is_empty(), "{refused:#}");
    world.faults(&json!([{ "id": "2", "do": "crash", "on": "create", "when": "after", "name": "second" }]));
    let crashed = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&crashed)["pair"], "failed", "{crashed:#}");
    assert_eq!(world.names(), ["first", "second"]);
    assert_eq!(orphans(&crashed), [(SECOND.to_owned(), None)]);
}

#[test]
fn an_incomplete_state_is_restored_from_the_newest_copy_and_the_old_file_is_kept() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    for cut in [truncate as fn(&Path), |path| std::fs::write(path, "").unwrap()] {
        let site = site(&world);
        world.things().keys().for_each(|id| world.delete(id));
        killed_in_second(&world, &site);
        let first = id_of(&world, "first");
        for copy in copies(&site) {
            assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        cut(&state(&site));
        let again = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&again)["pair"], "applied", "{again:#}");
        let said = notes(&again);
        assert!(said.contains("restored from") && said.contains("copy-"), "{said}");
        assert_eq!(orphans(&again), [(SECOND.to_owned(), None)]);
        assert_eq!(pair(&again)["changes"]["add"], 1, "{again:#}");
        assert_eq!(id_of(&world, "first"), first);
    }
}

#[test]
fn without_a_copy_of_the_state_every_started_creation_is_named_with_its_id() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    let site = site(&world);
    killed_in_second(&world, &site);
    let first = id_of(&world, "first");
    copies(&site).iter().for_each(|copy| std::fs::remove_file(copy).unwrap());
    std::fs::write(state(&site), "{\"version\": 4,").unwrap();
    let again = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&again)["pair"], "applied", "{again:#}");
    assert_eq!(orphans(&again), [("world_thing.first".to_owned(), Some(first)), (SECOND.to_owned(), None)]);
    assert!(notes(&again).contains("interrupted in its first write"), "{again:#}");
}

/// Creates both things, and kills everything during the update of `second`, after the update of `first`.
fn killed_in_update(world: &World, site: &mut Site) {
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["pair"], "applied");
    set_body(site, "two");
    hang(world, "update", "second");
    let us = killed::start(site);
    let call = until_hangs(world, "update", "second");
    until("the first in the state", || holds(&state(site), "two"));
    kill_all(us, &call);
    world.faults(&json!([]));
}

#[test]
fn without_a_copy_terraforms_backup_is_used() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    killed_in_update(&world, &mut site);
    copies(&site).iter().for_each(|copy| std::fs::remove_file(copy).unwrap());
    std::fs::write(state(&site), "").unwrap();
    let again = site.run("orchestrate", json!({}));
    // Both updates have taken effect, and a refresh finds them.
    assert_eq!(statuses(&again)["pair"], "unchanged", "{again:#}");
    assert!(notes(&again).contains("terraform.tfstate.backup"), "{again:#}");
    assert_eq!(world.names(), ["first", "second"]);
}

#[test]
fn a_copy_older_than_the_lost_state_is_refused_by_name_and_nothing_runs() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    for body in ["one", "two"] {
        set_body(&mut site, body);
        assert_eq!(statuses(&site.run("orchestrate", json!({})))["pair"], "applied");
    }
    // Terraform's backup is from before the last apply.
    std::fs::write(state(&site), "").unwrap();
    let calls = world.operations().len();
    let refused = site.run("orchestrate", json!({}));
    assert_eq!(pair(&refused)["reason"], "recovery_required", "{refused:#}");
    let error = &pair(&refused)["error"];
    assert!(error["message"].as_str().unwrap().contains("terraform.tfstate.backup"), "{error:#}");
    assert!(error["remedy"].as_str().unwrap().contains("cp "), "{error:#}");
    assert_eq!(world.operations().len(), calls);
    assert_eq!(std::fs::read(state(&site)).unwrap(), b"");
}

#[test]
fn a_first_run_that_crashed_before_its_first_write_starts_again_from_nothing() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    // Terraform leaves such a state: truncated, with no change begun.
    let state = state(&site);
    apply_by(&mut site, &format!(": > '{}'; kill -9 $PPID; exit 1", state.display()));
    killed::start(&site).wait().unwrap();
    assert_eq!(std::fs::read(&state).unwrap(), b"");
    assert!(control(&site).join("applying.json").exists());
    site.infrastructure["settings"]["terraform"]["binary"] = json!("terraform");
    let again = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&again)["pair"], "applied", "{again:#}");
    assert!(orphans(&again).is_empty(), "{again:#}");
    assert_eq!(world.names(), ["first", "second"]);
}

#[test]
fn a_replacement_of_a_missing_resource_is_named_although_the_state_has_the_old_one() {
    if !writes_each_step() {
        return;
    }
    let Some(world) = World::new() else { return };
    let site = site(&world);
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["pair"], "applied");
    world.delete(&id_of(&world, "second"));
    killed_in_second(&world, &site);
    let next = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&next)["pair"], "applied", "{next:#}");
    assert_eq!(orphans(&next), [(SECOND.to_owned(), None)]);
    assert_eq!(world.names(), ["first", "second", "second"]);

    // The same if only terraform is killed, and Eos itself reports it.
    world
        .things()
        .into_iter()
        .filter(|(_, thing)| thing["name"] == "second")
        .for_each(|(id, _)| world.delete(&id));
    hang(&world, "create", "second");
    let killer = std::thread::scope(|scope| {
        let run = scope.spawn(|| site.run("orchestrate", json!({})));
        kill(&until_hangs(&world, "create", "second")["terraform"]);
        run.join().unwrap()
    });
    assert_eq!(statuses(&killer)["pair"], "failed", "{killer:#}");
    assert_eq!(orphans(&killer), [(SECOND.to_owned(), None)]);
}

#[test]
fn if_only_eos_is_killed_terraform_saves_its_running_operations() {
    let Some(world) = World::new() else { return };
    let site = site(&world);
    hang(&world, "create", "second");
    let mut us = killed::start(&site);
    let call = until_hangs(&world, "create", "second");
    us.kill().unwrap();
    us.wait().unwrap();
    world.faults(&json!([]));
    until("the end of terraform", || killed::is_gone(&call["terraform"]));
    for name in ["first", "second"] {
        assert!(holds(&state(&site), &id_of(&world, name)), "{name}");
    }
    let shown = site.run("orchestrate", json!({ "test": true }));
    assert!(orphans(&shown).is_empty() && notes(&shown).contains("was interrupted"), "{shown:#}");
}

#[test]
fn a_terraform_that_survives_eos_and_guardian_keeps_its_component_until_it_ends() {
    let Some(world) = World::new() else { return };
    let site = site(&world);
    hang(&world, "create", "second");
    let us = killed::start(&site);
    let call = until_hangs(&world, "create", "second");
    processes::kill_with_guardian(us);
    let pid = &call["terraform"]["pid"];
    for _ in 0..2 {
        let refused = site.run("orchestrate", json!({}));
        assert_eq!(pair(&refused)["reason"], "locked", "{refused:#}");
        assert!(
            pair(&refused)["error"]["remedy"].to_string().contains(&format!("kill -INT {pid}")),
            "{refused:#}"
        );
    }
    let held = site.run("locks", json!({}));
    assert_eq!(&held["locks"][0]["holder"]["terraform"]["pid"], pid, "{held:#}");
    assert!(notes(&site.run("status", json!({}))).contains("locked now by"));
    // Terraform's present call ends, and its state is saved.
    world.faults(&json!([]));
    until("the end of terraform", || killed::is_gone(&call["terraform"]));
    let next = site.run("orchestrate", json!({}));
    assert_eq!(pair(&next)["status"], "unchanged", "{next:#}");
    assert_eq!(world.names(), ["first", "second"]);
    assert!(orphans(&next).is_empty(), "{next:#}");
}

#[test]
fn status_reports_an_interrupted_apply_with_the_way_to_resume_and_not_a_running_one() {
    let Some(world) = World::new() else { return };
    let site = site(&world);
    hang(&world, "create", "second");
    let us = killed::start(&site);
    let call = until_hangs(&world, "create", "second");
    let running = site.run("status", json!({}));
    assert_eq!(pair(&running)["reason"], "never_ran_here", "{running:#}");
    assert!(notes(&running).contains("locked now by"), "{running:#}");
    kill_all(us, &call);
    world.faults(&json!([]));
    // The guardian holds the lock until it has swept terraform's process group.
    until("the lock is free", || !notes(&site.run("status", json!({}))).contains("locked now by"));
    let died = site.run("status", json!({}));
    assert_eq!(statuses(&died)["pair"], "failed", "{died:#}");
    assert_eq!(pair(&died)["reason"], "unfinished_apply", "{died:#}");
    let run_id = applying(&site)["run_id"].as_str().unwrap().to_owned();
    assert!(notes(&died).contains(&format!("infrastructure.resume run_id={run_id}")), "{died:#}");
    let resumed = site.run("resume", json!({ "run_id": run_id }));
    assert_eq!(statuses(&resumed)["pair"], "applied", "{resumed:#}");
    let after = site.run("status", json!({}));
    assert_eq!((&pair(&after)["status"], &pair(&after)["reason"]), (&json!("applied"), &json!("")));
}

#[test]
fn a_state_lost_with_its_terraform_is_not_recorded_as_empty() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["pair"], "applied");
    let record = |site: &Site| std::fs::read_to_string(control(site).join("record.json")).unwrap();
    let before = record(&site);
    let state = state(&site).display().to_string();
    set_body(&mut site, "two");
    let snapshots = control(&site).join("snapshots/objects").display().to_string();
    apply_by(&mut site, &format!("rm -rf '{state}' '{state}.backup' '{snapshots}'; exit 1"));
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&failed)["pair"], "failed", "{failed:#}");
    assert!(notes(&failed).contains("the previous state is gone"), "{failed:#}");
    assert_eq!(record(&site), before);
    site.infrastructure["settings"]["terraform"]["binary"] = json!("terraform");
    let refused = site.run("orchestrate", json!({}));
    assert_eq!(pair(&refused)["reason"], "state_empty", "{refused:#}");
    assert_eq!(world.names(), ["first", "second"]);
}

#[test]
fn a_state_lost_with_its_backup_is_restored_from_the_snapshot() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    assert_eq!(statuses(&site.run("orchestrate", json!({})))["pair"], "applied");
    let (path, before) = (state(&site).display().to_string(), std::fs::read(state(&site)).unwrap());
    set_body(&mut site, "two");
    apply_by(&mut site, &format!("rm -f '{path}' '{path}.backup'; exit 1"));
    let failed = site.run("orchestrate", json!({}));
    assert!(notes(&failed).contains("snapshots/objects"), "{failed:#}");
    assert_eq!(std::fs::read(state(&site)).unwrap(), before);
}

#[test]
fn an_apply_is_reported_although_its_record_cannot_be_written_and_the_next_run_continues() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    for exit in [0, 1] {
        let record = control(&site).join("record.json");
        let lines =
            format!("terraform \"$@\"; mkdir -p '{0}.d'; mv -T '{0}.d' '{0}'; exit {exit}", record.display());
        apply_by(&mut site, &lines);
        let failed = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&failed)["pair"], "failed", "{failed:#}");
        let said = format!("{}{}", pair(&failed)["error"], notes(&failed));
        assert!(said.contains("record.json") && said.contains("at serial"), "{failed:#}");
        assert_eq!(pair(&failed)["changes"]["add"], 2, "{failed:#}");
        std::fs::remove_dir(&record).unwrap();
        site.infrastructure["settings"]["terraform"]["binary"] = json!("terraform");
        let next = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&next)["pair"], "unchanged", "{next:#}");
        assert!(notes(&next).contains("was interrupted"), "{next:#}");
        assert!(record.is_file());
        let gone = site.run("destroy", json!({ "confirm": "staging" }));
        assert_eq!(gone["result"], true, "{gone:#}");
        std::fs::remove_file(&record).unwrap();
    }
}
