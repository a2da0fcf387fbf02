//! A disk that becomes full at each write of a run, one after the other, and a read-only disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::disk::Disk;
use crate::support::killed;
use crate::support::script::executable;
use crate::support::world::World;
use crate::support::{Site, statuses};

const PAIR: &str = "resource \"world_thing\" \"first\" {\n  name = \"first\"\n  body = var.body\n}\n\
                    resource \"world_thing\" \"second\" {\n  name = \"second\"\n  body = world_thing.first.body\n}\n\
                    variable \"body\" {\n  default = \"one\"\n}\n";

/// A component with two things, of which the second depends on the first. Its root is a disk that a script can fill.
fn site(world: &World) -> Option<(Site, Disk)> {
    let mut site = Site::new();
    let terraform = site.folder.path().join("terraform");
    executable(&terraform, &script(&site));
    std::fs::write(site.folder.path().join("point"), NEVER).unwrap();
    site.infrastructure["settings"]["terraform"] =
        json!({ "cli_config_file": world.cli_config(), "binary": terraform });
    site.component("pair", &(world.provider("pair") + PAIR), json!({}));
    let disk = Disk::mount(&root(&site))?;
    Some((site, disk))
}

/// A wrapper for terraform. Before or after one of its commands, it fills the disk except for some pages. It tries again
/// if another process has used some of the space meanwhile. The file `point` has the command and the number.
fn script(site: &Site) -> String {
    let (root, point) = (root(site), site.folder.path().join("point"));
    let (root, point) = (root.display(), point.display());
    format!(
        "#!/bin/sh\n\
         free() {{ stat -f -c %a '{root}'; }}\n\
         leave() {{\n  rm -f '{root}/filler'\n\
         until [ $(free) -le $1 ] || fallocate -l $(( ($(free) - $1) * 4096 )) '{root}/filler'; do :; done\n}}\n\
         read -r when command pages < '{point}'\n\
         [ \"$command\" = \"$1\" ] || exec terraform \"$@\"\n\
         [ $when = after ] || {{ leave $pages; exec terraform \"$@\"; }}\n\
         terraform \"$@\"; code=$?; leave $pages; exit $code\n"
    )
}

const NEVER: &str = "never - 0\n";

/// The point of a run at which the disk becomes full.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// At the run's first write.
    Start,
    Before(&'static str),
    After(&'static str),
}

fn root(site: &Site) -> PathBuf {
    site.folder.path().join("root")
}

fn set_body(site: &mut Site, body: &str) {
    site.infrastructure["components"]["pair"]["variables"] = json!({ "body": body });
}

/// Every file below the folder, without Terraform's own.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() && entry.file_name() == ".terraform" => {}
            kind if kind.is_dir() => files(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

/// Every file of Eos is complete or absent.
fn assert_whole(site: &Site, context: &str) {
    let mut found = Vec::new();
    files(&root(site), &mut found);
    for path in found {
        let (name, shown) = (path.file_name().unwrap().to_string_lossy().into_owned(), path.display());
        let text = std::fs::read(&path).unwrap();
        let is_ours = name.ends_with(".json")
            || (name.ends_with(".tfstate") && path.to_string_lossy().contains("/.eos/"));
        if is_ours {
            let parsed = serde_json::from_slice::<Value>(&text);
            assert!(parsed.is_ok(), "{context}: {shown} holds {:?}", String::from_utf8_lossy(&text));
        }
        assert!(!name.starts_with(".unfinished-"), "{context}: {shown} was left behind");
    }
}

/// Checks that the report has errors, and that each has this word, the root's path and a remedy.
fn assert_told(site: &Site, report: &Value, word: &str, context: &str) {
    let errors = report["components"].as_object().into_iter().flatten().map(|(_, one)| &one["error"]);
    let errors: Vec<_> = errors.chain([&report["error"]]).filter(|error| !error.is_null()).collect();
    assert!(!errors.is_empty(), "{context}: {report:#}");
    for error in errors {
        let message = error["message"].as_str().unwrap();
        assert!(message.to_lowercase().contains(word), "{context}: {error:#}");
        assert!(message.contains(&root(site).display().to_string()), "{context}: {error:#}");
        let remedy = error["remedy"].as_str().unwrap();
        // Another root would have no states: everything would be created again.
        assert!(!remedy.is_empty() && !remedy.contains("settings:root"), "{context}: {error:#}");
    }
}

/// The ids in the state.
fn in_state(site: &Site) -> BTreeSet<String> {
    let text = std::fs::read(site.workdir("pair").join("terraform.tfstate")).unwrap();
    let state: Value = serde_json::from_slice(&text).unwrap();
    let instances =
        state["resources"].as_array().unwrap().iter().map(|one| &one["instances"][0]["attributes"]);
    instances.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

fn in_world(world: &World) -> BTreeSet<String> {
    world.things().into_keys().collect()
}

/// When there is space again, the run is resumed and succeeds: the world agrees with the state and the pillar.
fn assert_goes_on(world: &World, site: &Site, run_id: &Value, body: &str, context: &str) {
    let history = site.run("history", json!({}));
    let runs = history["runs"].as_array().unwrap();
    // The run's last line may be missing, because the disk was full. Then a new run is started.
    let ended = runs.iter().find(|run| run["run_id"] == *run_id).filter(|run| run["state"] == "failed");
    let next = match ended {
        Some(run) => site.run("resume", json!({ "run_id": run["run_id"] })),
        None => site.run("orchestrate", json!({})),
    };
    assert_eq!(next["result"], true, "{context}: {next:#}");
    assert!(next["components"]["pair"]["possible_orphans"].is_null(), "{context}: {next:#}");
    assert_eq!(in_world(world), in_state(site), "{context}: {next:#}");
    assert_eq!(world.names(), ["first", "second"], "{context}: {next:#}");
    assert!(world.things().values().all(|thing| thing["body"] == body), "{context}: {:?}", world.things());
}

fn assert_settled(site: &Site) {
    let last = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&last)["pair"], "unchanged", "{last:#}");
    assert!(last["components"]["pair"]["notes"].is_null(), "{last:#}");
}

/// Runs with `pages` free pages from this point on; true if they were enough.
fn run_with(world: &World, site: &Site, disk: &Disk, point: Point, pages: u64, body: &str) -> bool {
    let told = match point {
        Point::Start => NEVER.to_owned(),
        Point::Before(command) => format!("before {command} {pages}\n"),
        Point::After(command) => format!("after {command} {pages}\n"),
    };
    std::fs::write(site.folder.path().join("point"), told).unwrap();
    if matches!(point, Point::Start) {
        disk.leave(pages);
    }
    let report = site.run("orchestrate", json!({}));
    std::fs::write(site.folder.path().join("point"), NEVER).unwrap();
    let context = format!("{pages} pages, {point:?}");
    assert_whole(site, &context);
    let well = report["result"] == true;
    if !well {
        assert_told(site, &report, "no space left", &context);
    }
    disk.clear();
    assert_goes_on(world, site, &report["run_id"], body, &context);
    well
}

/// Tries sizes of the disk in steps of `step` pages, until one is enough.
fn sizes(point: Point, step: u64, mut run: impl FnMut(u64) -> bool) {
    let sizes = (0..MOST).step_by(step as usize);
    let failed = sizes.take_while(|pages| !run(*pages)).count() as u64;
    println!("{point:?}: {failed} sizes of the disk that do not do");
    // After terraform has exited, the rest of the space that was reserved for its output is free for the next writes.
    let least = if matches!(point, Point::After("apply")) { 0 } else { 1 };
    assert!((least..MOST / step).contains(&failed), "{point:?}: {failed}");
}

/// Enough pages for every write of the runs here.
const MOST: u64 = 200;

/// The step between two sizes in `make test`. `make soak` tries every size.
const STEP: u64 = 48;

fn update(step: u64) {
    let Some(world) = World::new() else { return };
    let Some((mut site, disk)) = site(&world) else { return };
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let points = [Point::Start, Point::After("plan"), Point::Before("apply"), Point::After("apply")];
    for point in points {
        sizes(point, step, |pages| {
            let body = format!("{point:?} {pages}");
            set_body(&mut site, &body);
            run_with(&world, &site, &disk, point, pages, &body)
        });
        assert_settled(&site);
    }
}

fn first_run(step: u64) {
    let Some(world) = World::new() else { return };
    for point in [Point::Start, Point::After("plan")] {
        let mut skipped = false;
        sizes(point, step, |pages| {
            let Some((site, disk)) = site(&world) else {
                skipped = true;
                return pages > 0;
            };
            world.things().keys().for_each(|id| world.delete(id));
            let well = run_with(&world, &site, &disk, point, pages, "one");
            if well {
                assert_settled(&site);
            }
            well
        });
        if skipped {
            return;
        }
    }
}

#[test]
fn an_update_with_a_full_disk_at_some_writes_reports_it_and_can_be_resumed() {
    update(STEP);
}

#[test]
fn a_first_run_with_a_full_disk_at_some_writes_reports_it_and_can_be_resumed() {
    first_run(STEP);
}

/// The disk is full before terraform's apply starts.
#[test]
fn an_apply_that_never_began_is_not_reported_as_interrupted() {
    let Some(world) = World::new() else { return };
    let Some((mut site, disk)) = site(&world) else { return };
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    set_body(&mut site, "two");
    std::fs::write(site.folder.path().join("point"), "after plan 3\n").unwrap();
    let failed = site.run("orchestrate", json!({}));
    std::fs::write(site.folder.path().join("point"), NEVER).unwrap();
    let error = &failed["components"]["pair"]["error"];
    assert!(text(error).contains("apply.stdout"), "the disk was full elsewhere: {failed:#}");
    disk.clear();
    assert!(!control(&site).join("applying.json").exists());
    let status = site.run("status", json!({}));
    assert_ne!(status["components"]["pair"]["reason"], "unfinished_apply", "{status:#}");
    let next = site.run("orchestrate", json!({}));
    assert_eq!(next["result"], true, "{next:#}");
    assert!(!next.to_string().contains("interrupted"), "{next:#}");
}

#[test]
fn a_lock_of_the_state_that_could_not_be_written_is_a_full_disk_without_other_advice() {
    let Some(world) = World::new() else { return };
    let Some((mut site, disk)) = site(&world) else { return };
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    set_body(&mut site, "two");
    std::fs::write(site.folder.path().join("point"), "before plan 0\n").unwrap();
    let failed = site.run("orchestrate", json!({}));
    std::fs::write(site.folder.path().join("point"), NEVER).unwrap();
    let error = &failed["components"]["pair"]["error"];
    assert_eq!(error["code"], "disk_full", "{failed:#}");
    assert!(!text(error).contains("-lock=false"), "{failed:#}");
    disk.clear();
    let next = site.run("orchestrate", json!({}));
    assert_eq!(next["result"], true, "{next:#}");
    assert!(!next.to_string().contains("unknown"), "{next:#}");
}

fn text(error: &Value) -> &str {
    error["message"].as_str().unwrap_or_default()
}

fn control(site: &Site) -> PathBuf {
    root(site).join("staging/.eos/components/pair")
}

#[test]
#[ignore = "soak"]
fn an_update_with_a_full_disk_at_any_write_reports_it_and_can_be_resumed() {
    update(1);
}

#[test]
#[ignore = "soak"]
fn a_first_run_with_a_full_disk_at_any_write_reports_it_and_can_be_resumed() {
    first_run(1);
}

#[test]
fn on_a_read_only_disk_nothing_starts_and_nothing_is_lost() {
    let Some(world) = World::new() else { return };
    let Some((mut site, disk)) = site(&world) else { return };
    let refused = |site: &Site, context: &str| {
        disk.read_only(true);
        let calls = world.operations().len();
        for operation in ["orchestrate", "plan", "resume", "drift"] {
            let report = site.run(operation, json!({}));
            // For a run that completed earlier, the message is different.
            if report["error"]["code"] != "run_complete" && report["error"]["code"] != "no_such_run" {
                assert_told(site, &report, "read-only", &format!("{context}, {operation}"));
            }
        }
        for question in ["status", "history", "locks", "outputs", "snapshots", "health"] {
            let report = site.run(question, json!({}));
            // A component that was killed is not healthy, which is an answer too.
            let answered = !report.to_string().to_lowercase().contains("read-only");
            assert!(
                answered && (report["result"] == true || question == "health"),
                "{context}, {question}: {report:#}"
            );
        }
        assert_eq!(world.operations().len(), calls, "{context}");
        disk.read_only(false);
    };
    refused(&site, "before anything ran");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    set_body(&mut site, "two");
    refused(&site, "with an update to do");
    world.faults(&json!([{ "id": "1", "do": "hang", "on": "update", "when": "after", "name": "second" }]));
    let us = killed::start(&site);
    let call = killed::until_hangs(&world, "update", "second");
    killed::kill_all(us, &call);
    world.faults(&json!([]));
    refused(&site, "after a run that was killed");
    let next = site.run("orchestrate", json!({}));
    assert_eq!(next["result"], true, "{next:#}");
    assert_eq!(in_world(&world), in_state(&site));
    assert_eq!(world.names(), ["first", "second"]);
}
