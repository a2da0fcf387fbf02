//! Claims about drift, with the provider for tests. The files of its world show the real resources.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eos::lock::{Holder, file};
use eos::process::Cancel;
use eos::view;
use serde_json::{Value, json};

use crate::support::http_backend::HttpBackend;
use crate::support::listener::scheduled_check;
use crate::support::world::World;
use crate::support::{Site, statuses};

const SECRET: &str = "canary-of-drift";

/// One component `web` with three things: a plain one, one whose body is ignored, and one with a secret.
fn web(world: &World) -> Site {
    let things = format!(
        "variable \"body\" {{ default = \"one\" }}\n\
         resource \"world_thing\" \"plain\" {{\n  name = \"plain\"\n  body = var.body\n}}\n\
         resource \"world_thing\" \"kept\" {{\n  name = \"kept\"\n  body = \"kept\"\n  \
         lifecycle {{\n    ignore_changes = [body]\n  }}\n}}\n\
         resource \"world_thing\" \"secret\" {{\n  name = \"secret\"\n  secret = \"{SECRET}\"\n}}\n"
    );
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.component("web", &(world.provider("web") + &things), json!({}));
    orchestrate(&site);
    site
}

fn orchestrate(site: &Site) -> Value {
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
    done
}

fn id(world: &World, name: &str) -> String {
    world.things().into_values().find(|thing| thing["name"] == name).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Changes a thing outside Terraform.
fn set(world: &World, name: &str, key: &str, value: Value) {
    let id = id(world, name);
    let mut thing = world.things().remove(&id).unwrap();
    thing[key] = value;
    std::fs::write(world.path("things").join(format!("{id}.json")), thing.to_string()).unwrap();
}

fn state(site: &Site, component: &str) -> Vec<u8> {
    std::fs::read(site.workdir(component).join("terraform.tfstate")).unwrap()
}

fn control(site: &Site, component: &str) -> PathBuf {
    site.folder.path().join("root/staging/.eos/components").join(component)
}

/// Runs a drift check, and asserts that it changes nothing in the workdir, in particular not the state.
fn look(site: &Site) -> Value {
    let workdirs = || below(&site.folder.path().join("root/staging"));
    let before = workdirs();
    let found = site.run("drift", json!({}));
    assert_eq!(workdirs(), before, "a look left something");
    found
}

/// Every file with its bytes, except in `.eos` and `.terraform`.
fn below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let files = entries.filter(|path| !path.ends_with(".eos") && !path.ends_with(".terraform"));
    let read = |path: PathBuf| match path.is_dir() {
        true => below(&path),
        false => [(path.clone(), std::fs::read(&path).unwrap())].into(),
    };
    files.flat_map(read).collect()
}

/// From the address to the class of each change of one component.
fn classes(found: &Value, component: &str) -> BTreeMap<String, String> {
    let drift = &found["components"][component]["drift"];
    let changes = drift["changes"].as_array().unwrap_or_else(|| panic!("no drift in {found:#}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    changes.iter().map(|one| (text(&one["address"]), text(&one["class"]))).collect()
}

fn one(address: &str, class: &str) -> BTreeMap<String, String> {
    [(format!("world_thing.{address}"), class.to_owned())].into()
}

fn drift_id(found: &Value, component: &str) -> Value {
    found["components"][component]["drift"]["drift_id"].clone()
}

#[test]
fn each_kind_of_drift_is_distinguished_and_remediation_ends_it() {
    let Some(world) = World::new() else { return };
    let site = web(&world);
    let clean = look(&site);
    assert_eq!(statuses(&clean)["web"], "unchanged", "{clean:#}");
    assert_eq!((&clean["drift_detected"], &clean["result"]), (&json!(false), &json!(true)));
    assert_eq!(clean["components"]["web"]["drift"]["changes"], json!([]));

    world.change(&id(&world, "kept"), "by hand");
    let benign = look(&site);
    assert_eq!(statuses(&benign)["web"], "drifted", "{benign:#}");
    assert_eq!(classes(&benign, "web"), one("kept", "drifted"));
    assert_eq!(benign["components"]["web"]["drift"]["changes"][0]["undone_by_a_plan"], false);
    assert_eq!(benign["drift_detected"], true);

    world.change(&id(&world, "plain"), "by hand");
    let changed = look(&site);
    assert_eq!(statuses(&changed)["web"], "drifted");
    assert_eq!(classes(&changed, "web")["world_thing.plain"], "drifted");
    let plain = changed["components"]["web"]["drift"]["changes"].as_array().unwrap();
    let plain = plain.iter().find(|one| one["name"] == "plain").unwrap();
    assert_eq!((&plain["actions"], &plain["planned"]), (&json!(["update"]), &json!(["update"])));
    assert_eq!(plain["undone_by_a_plan"], true);
    let names = changed["components"]["web"]["drift"]["changes"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["kept", "plain"], "what no plan undoes is told first");
    let attributes = plain["attributes"].as_array().unwrap();
    assert!(
        attributes.contains(&json!({ "path": "body", "before": "one", "after": "by hand" })),
        "{plain:#}"
    );

    world.change(&id(&world, "kept"), "kept");
    world.delete(&id(&world, "plain"));
    let deleted = look(&site);
    assert_eq!(classes(&deleted, "web"), one("plain", "drifted"));
    let plain = &deleted["components"]["web"]["drift"]["changes"][0];
    assert_eq!((&plain["actions"], &plain["planned"]), (&json!(["delete"]), &json!(["create"])));

    orchestrate(&site);
    assert_eq!(statuses(&look(&site))["web"], "unchanged");
}

#[test]
fn pillar_changes_are_not_drift_and_manual_changes_beside_them_are() {
    let Some(world) = World::new() else { return };
    let mut site = web(&world);
    site.infrastructure["components"]["web"]["variables"] = json!({ "body": "two" });
    let tested = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&tested)["web"], "planned");
    let found = look(&site);
    assert_eq!((statuses(&found)["web"].as_str(), &found["drift_detected"]), ("unchanged", &json!(false)));
    assert_eq!(found["components"]["web"]["drift"]["configuration_changed"], true, "{found:#}");
    assert_eq!(found["pending"], json!(["web"]), "{found:#}");
    let drawn = view::text(&found, false);
    for function in ["plan", "orchestrate"] {
        let command = format!("salt-run infrastructure.{function} staging components=web\n");
        assert!(drawn.contains(&command), "{drawn}");
    }
    // It is drift even if the world agrees with the new pillar, because it differs from the applied configuration.
    for body in ["three", "two"] {
        world.change(&id(&world, "plain"), body);
        let found = look(&site);
        assert_eq!(classes(&found, "web"), one("plain", "drifted"), "{found:#}");
        assert_eq!(found["components"]["web"]["drift"]["configuration_changed"], true);
    }
    // Nothing remains to apply. The manual change is still reported, because the state does not have it.
    assert_eq!(statuses(&orchestrate(&site))["web"], "unchanged");
    let found = look(&site);
    assert_eq!(classes(&found, "web"), one("plain", "drifted"), "{found:#}");
    assert_eq!(found["components"]["web"]["drift"]["changes"][0]["undone_by_a_plan"], false);
    assert_eq!(found["components"]["web"]["drift"]["configuration_changed"], false);
    assert_eq!(found["pending"], json!([]), "{found:#}");
}

#[test]
fn after_a_state_that_a_person_pushed_the_change_is_called_pending_and_has_the_next_command() {
    let mut site = Site::new();
    site.component("net", "resource \"terraform_data\" \"net\" { input = \"one\" }\n", json!({}));
    orchestrate(&site);
    let mut pushed: Value = serde_json::from_slice(&state(&site, "net")).unwrap();
    pushed["serial"] = json!(pushed["serial"].as_u64().unwrap() + 1);
    pushed["resources"][0]["instances"][0]["attributes"]["input"]["value"] = json!("by hand");
    std::fs::write(site.workdir("net").join("terraform.tfstate"), pushed.to_string()).unwrap();
    let found = look(&site);
    assert_eq!((&found["drift_detected"], &found["pending"]), (&json!(false), &json!(["net"])), "{found:#}");
    let drawn = view::text(&found, false);
    assert!(drawn.starts_with("staging: 1 pending ") && !drawn.contains("planned"), "{drawn}");
    assert!(drawn.contains("another apply, or a person, has changed the state"), "{drawn}");
    assert!(
        drawn.contains("to apply it: salt-run infrastructure.orchestrate staging components=net\n"),
        "{drawn}"
    );
}

#[test]
fn drift_of_fifty_resources_in_five_components_has_no_miss_and_no_false_alarm() {
    let Some(world) = World::new() else { return };
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    for component in 0..5 {
        let ignore = "  lifecycle {\n    ignore_changes = [body]\n  }\n";
        let thing = |name: String, more: &str| {
            format!(
                "resource \"world_thing\" \"{name}\" {{\n  name = \"{name}\"\n  body = \"as applied\"\n{more}}}\n"
            )
        };
        let things: String = (0..10)
            .map(|index| thing(format!("t{component}-{index}"), if index == 9 { ignore } else { "" }))
            .collect();
        let name = format!("c{component}");
        site.component(&name, &(world.provider(&name) + &things), json!({}));
    }
    orchestrate(&site);
    let clean = look(&site);
    assert!(statuses(&clean).values().all(|status| status == "unchanged"), "{clean:#}");

    let mut expected = BTreeMap::new();
    let mut expect =
        |name: String, class: &str| expected.insert(format!("world_thing.{name}"), class.to_owned());
    // The fifth component stays as it is.
    for component in 0..4 {
        for index in (component..10).step_by(3) {
            let name = format!("t{component}-{index}");
            match (index, index % 2) {
                (9, _) => world.change(&id(&world, &name), "by hand"),
                (_, 0) => world.delete(&id(&world, &name)),
                _ => set(&world, &name, "body", json!("by hand")),
            }
            expect(name, "drifted");
        }
    }
    let found = look(&site);
    let all: BTreeMap<_, _> = (0..5).flat_map(|index| classes(&found, &format!("c{index}"))).collect();
    assert_eq!(all, expected);
    assert_eq!(statuses(&found)["c4"], "unchanged");
    println!("drift: 50 resources, {} changed, {} found, 0 false alarms", expected.len(), all.len());
}

#[test]
fn a_component_locked_by_another_run_is_skipped_at_once_and_the_others_are_checked() {
    let mut site = Site::new();
    site.infrastructure["settings"]["lock_timeout"] = json!("1h");
    for name in ["held", "free"] {
        site.component(name, "resource \"terraform_data\" \"a\" {}\n", json!({}));
    }
    orchestrate(&site);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let path = control(&site, "held").join("lock");
    let held =
        runtime.block_on(file::acquire(&path, &Holder::here(), Duration::ZERO, &Cancel::new())).unwrap();
    let found = look(&site);
    assert_eq!(statuses(&found)["held"], "skipped", "{found:#}");
    assert_eq!(found["components"]["held"]["reason"], "busy");
    assert_eq!((statuses(&found)["free"].as_str(), &found["result"]), ("unchanged", &json!(true)));
    let module = site.run("module.detect_drift", json!({ "component": "held" }));
    assert_eq!(
        (&module["status"], &module["drift_detected"]),
        (&json!("skipped"), &Value::Null),
        "{module:#}"
    );
    held.release();
    assert_eq!(statuses(&look(&site))["held"], "unchanged");
}

#[test]
fn a_changed_secret_is_found_as_drift_and_shown_nowhere() {
    let Some(world) = World::new() else { return };
    let site = web(&world);
    set(&world, "secret", "secret", json!("canary-by-hand"));
    let found = look(&site);
    assert_eq!(classes(&found, "web"), one("secret", "drifted"));
    assert!(found.to_string().contains("(sensitive)"));
    let first = drift_id(&found, "web");
    set(&world, "secret", "secret", json!("canary-by-hand-2"));
    let found = look(&site);
    assert_ne!(drift_id(&found, "web"), first, "another secret is another drift");
    let synced = site.run("sync_states", json!({}));
    let mut told = vec![found.to_string(), synced.to_string()];
    // The snapshots contain the state itself.
    for path in files(&control(&site, "web"))
        .into_iter()
        .filter(|path| !path.to_string_lossy().contains("/snapshots/"))
    {
        // The module contains this secret in clear text.
        if !path.ends_with("main.tf") {
            told.push(String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
        }
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert!(path.ends_with("lock") || mode == 0o600 || mode == 0o700, "{}: {mode:o}", path.display());
    }
    for text in told {
        assert!(!text.contains("canary"), "{text}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let seen = entries.filter(|path| !path.ends_with("home") && !path.is_symlink());
    seen.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn attributes_ignored_by_rules_are_not_drift() {
    let Some(world) = World::new() else { return };
    let mut site = web(&world);
    world.change(&id(&world, "plain"), "by hand");
    set(&world, "kept", "replace_on", json!(""));
    assert_eq!(classes(&look(&site), "web").len(), 2);
    site.infrastructure["settings"]["drift"] =
        json!({ "ignore": ["world_thing.*.body", "world_thing.*.digest"], "equal_empty": true });
    let found = look(&site);
    assert_eq!(statuses(&found)["web"], "unchanged", "{found:#}");
    world.delete(&id(&world, "plain"));
    assert_eq!(classes(&look(&site), "web"), one("plain", "drifted"));
    // A component's own list replaces the list of the settings.
    site.infrastructure["components"]["web"]["drift"] = json!({ "ignore": ["world_thing.plain"] });
    assert_eq!(statuses(&look(&site))["web"], "unchanged");
    site.infrastructure["components"]["web"]["drift"] = json!({ "ignore": ["plain"], "alert_after": 0 });
    let refused = site.run("drift", json!({}));
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("components:web:drift:ignore") && message.contains("alert_after"), "{message}");
}

#[test]
fn drift_is_reported_once_after_enough_checks_and_again_when_it_changes() {
    let Some(world) = World::new() else { return };
    let mut site = web(&world);
    site.infrastructure["settings"]["drift"] = json!({ "alert_after": 2 });
    assert_eq!(scheduled_check(&site).1, [], "nothing is found, and nothing is told");
    let memory = control(&site, "web").join("drift.json");
    assert!(!memory.exists());

    world.change(&id(&world, "plain"), "by hand");
    assert_eq!(scheduled_check(&site).1, []);
    // A check that a person starts does not count.
    look(&site);
    let (report, events) = scheduled_check(&site);
    let [(tag, data)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(tag, "eos/staging/web/drift");
    assert_eq!((&data["status"], &data["seen"]), (&json!("drifted"), &json!(2)), "{data:#}");
    assert_eq!((&data["component"], &data["run_id"]), (&json!("web"), &report["run_id"]));
    assert_eq!(data["drift_id"], drift_id(&report, "web"));
    assert_eq!(
        data["changes"],
        json!([{ "address": "world_thing.plain", "class": "drifted", "actions": ["update"],
            "undone_by_a_plan": true, "opens_to_everybody": false }])
    );
    assert_eq!(memory.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(scheduled_check(&site).1, [], "the same is told once");
    assert_eq!(look(&site)["components"]["web"]["drift"]["seen"], 3);

    world.change(&id(&world, "plain"), "by another hand");
    assert_eq!(scheduled_check(&site).1, []);
    assert_eq!(scheduled_check(&site).1.len(), 1, "another drift is told");
    orchestrate(&site);
    assert_eq!(scheduled_check(&site).1, []);
    assert!(!memory.exists(), "what is put right is forgotten");
}

#[test]
fn drift_is_remediated_only_if_it_is_the_reported_drift() {
    let Some(world) = World::new() else { return };
    let mut site = web(&world);
    world.change(&id(&world, "plain"), "by hand");
    let seen = drift_id(&look(&site), "web");
    let remediate = |site: &Site, id: &Value, test: bool| {
        let done = site.run("remediate", json!({ "component": "web", "drift_id": id, "test": test }));
        let one = done["components"]["web"].clone();
        assert!(!one.is_null(), "{done:#}");
        (one["status"].as_str().unwrap().to_owned(), one["reason"].as_str().unwrap().to_owned(), one)
    };
    world.change(&id(&world, "plain"), "by another hand");
    let state_before = state(&site, "web");
    let (status, reason, one) = remediate(&site, &seen, false);
    assert_eq!((status.as_str(), reason.as_str()), ("failed", "drift_moved"), "{one:#}");
    assert_eq!(world.things()[&id(&world, "plain")]["body"], "by another hand");
    assert_eq!(state(&site, "web"), state_before);

    // The pillar has changed in the meantime, but the last applied configuration is restored.
    site.infrastructure["components"]["web"]["variables"] = json!({ "body": "two" });
    let seen = drift_id(&look(&site), "web");
    let (status, _, one) = remediate(&site, &seen, true);
    assert_eq!(status, "planned", "{one:#}");
    assert_eq!(world.things()[&id(&world, "plain")]["body"], "by another hand");
    let (status, _, one) = remediate(&site, &seen, false);
    assert_eq!(status, "applied", "{one:#}");
    assert_eq!(world.things()[&id(&world, "plain")]["body"], "one");
    let after = look(&site);
    assert_eq!(statuses(&after)["web"], "unchanged", "{after:#}");
    let (status, reason, _) = remediate(&site, &seen, false);
    assert_eq!((status.as_str(), reason.as_str()), ("failed", "drift_moved"), "it is gone");

    // A drift for which Terraform plans no change needs no apply.
    world.change(&id(&world, "kept"), "by hand");
    let seen = drift_id(&look(&site), "web");
    let (status, reason, one) = remediate(&site, &seen, false);
    assert_eq!((status.as_str(), reason.as_str()), ("unchanged", "nothing_to_put_right"), "{one:#}");

    // Policy also decides about a plan that replaces a resource.
    set(&world, "plain", "replace_on", json!("by hand"));
    let seen = drift_id(&look(&site), "web");
    let (status, reason, one) = remediate(&site, &seen, false);
    assert_eq!((status.as_str(), reason.as_str()), ("blocked", "destroys"), "{one:#}");
    let last = site.run("history", json!({}));
    assert_eq!(
        (&last["runs"][0]["operation"], &last["runs"][0]["changes"]),
        (&json!("remediate"), &json!(true))
    );
    let resumed = site.run("resume", json!({ "run_id": last["runs"][0]["run_id"] }));
    assert_eq!(resumed["error"]["code"], "not_resumable", "{resumed:#}");
    let refused = site.run("remediate", json!({ "component": "web" }));
    assert_eq!(refused["error"]["code"], "invalid", "{refused:#}");
}

const DATA: &str = "variable \"v\" { default = \"one\" }\n\
    resource \"terraform_data\" \"a\" { input = var.v }\n\
    output \"v\" { value = terraform_data.a.output }\n\
    output \"secret\" {\n  value = \"canary-output\"\n  sensitive = true\n}\n";

#[test]
fn a_drift_check_neither_writes_nor_locks_a_remote_state() {
    let Some(world) = World::new() else { return };
    let backend = HttpBackend::new();
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.infrastructure["settings"]["backend"] = json!({ "type": "http", "address": backend.url(), "lock_address": backend.url(), "unlock_address": backend.url() });
    let thing =
        "resource \"world_thing\" \"plain\" {\n  name = \"plain\"\n}\noutput \"v\" { value = \"one\" }\n";
    site.component("web", &(world.provider("web") + thing), json!({}));
    orchestrate(&site);
    let before = backend.state();
    assert_eq!(statuses(&look(&site))["web"], "unchanged");
    world.change(&id(&world, "plain"), "by hand");
    backend.hold();
    let found = look(&site);
    assert_eq!(classes(&found, "web"), one("plain", "drifted"), "{found:#}");
    let (synced, _) = scheduled_check(&site);
    assert_eq!(statuses(&synced)["web"], "drifted");
    assert_eq!(backend.state(), before);
    assert!(!control(&site, "web").join("locking.json").exists());
    let known = site.run("outputs", json!({ "cached": true }));
    assert_eq!(known["outputs"]["web"], json!({ "v": "one" }), "{known:#}");
}

#[test]
fn a_drift_check_is_one_plan_and_with_drift_also_one_show() {
    let Some(world) = World::new() else { return };
    let mut site = web(&world);
    let calls = site.log_calls();
    // The terraform program is another one, so it needs a first init.
    orchestrate(&site);
    calls();
    look(&site);
    assert_eq!(calls(), ["plan"]);
    world.change(&id(&world, "plain"), "by hand");
    look(&site);
    assert_eq!(calls(), ["plan", "show"]);
    // The workdir was initialised for another module of the pillar. The check of the applied configuration still works.
    let module = site.folder.path().join("modules/web/more.tf");
    std::fs::write(&module, "output \"more\" { value = 1 }\n").unwrap();
    site.run("plan", json!({}));
    calls();
    let found = look(&site);
    assert_eq!(classes(&found, "web"), one("plain", "drifted"), "{found:#}");
    assert_eq!(calls(), ["init", "plan", "show"]);
    look(&site);
    assert_eq!(calls(), ["plan", "show"]);
    let runs = site.folder.path().join("root/staging/.eos/runs");
    assert_eq!(std::fs::read_dir(runs).unwrap().count(), 3, "a look is no run");
}

#[test]
fn inputs_from_other_components_are_read_again_and_their_changes_are_pending() {
    let mut site = Site::new();
    site.component("net", DATA, json!({}));
    site.component("web", DATA, json!({ "from_outputs": { "v": "net.v" } }));
    orchestrate(&site);
    assert!(statuses(&look(&site)).values().all(|status| status == "unchanged"));
    site.infrastructure["components"]["net"]["variables"] = json!({ "v": "two" });
    let done = site.run("orchestrate", json!({ "components": ["net"] }));
    assert_eq!(statuses(&done)["net"], "applied");
    let found = look(&site);
    assert_eq!(
        (statuses(&found)["net"].as_str(), statuses(&found)["web"].as_str()),
        ("unchanged", "planned")
    );
    let drift = &found["components"]["web"]["drift"];
    assert_eq!(
        (&drift["changes"][0]["class"], &drift["drift_detected"]),
        (&json!("pending"), &json!(false)),
        "{drift:#}"
    );
    assert_eq!((&drift["drift_id"], &drift["configuration_changed"]), (&Value::Null, &json!(false)));
    assert_eq!(found["drift_detected"], false);
}

#[test]
fn a_component_never_applied_is_absent_and_one_removed_from_the_pillar_is_checked_by_name() {
    let mut site = Site::new();
    site.component("there", DATA, json!({}));
    site.component("gone", DATA, json!({}));
    orchestrate(&site);
    site.component("new", DATA, json!({}));
    site.infrastructure["components"].as_object_mut().unwrap().remove("gone");
    let found = look(&site);
    let expected = [("there", "unchanged"), ("gone", "orphaned"), ("new", "absent")];
    assert_eq!(statuses(&found), expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
    assert_eq!(found["components"]["new"]["reason"], "never_ran_here");
    let named = site.run("drift", json!({ "components": "gone" }));
    assert_eq!(statuses(&named)["gone"], "unchanged", "{named:#}");
    let unknown = site.run("drift", json!({ "components": "nowhere" }));
    assert_eq!(unknown["error"]["code"], "invalid");
    let refused = site.run("remediate", json!({ "component": "new", "drift_id": "0" }));
    assert_eq!(refused["error"]["code"], "never_applied", "{refused:#}");
    site.run("destroy", json!({ "components": "there", "confirm": "staging" }));
    assert_eq!(statuses(&look(&site))["there"], "absent");
}

#[test]
fn cached_outputs_are_those_of_the_last_scheduled_check_without_secrets() {
    let mut site = Site::new();
    site.component("net", DATA, json!({}));
    orchestrate(&site);
    let cached = |site: &Site| site.run("outputs", json!({ "cached": true }));
    assert_eq!(cached(&site)["components"]["net"]["reason"], "never_synced");
    scheduled_check(&site);
    let known = cached(&site);
    assert_eq!(known["outputs"], json!({ "net": { "v": "one" } }), "{known:#}");
    assert!(known["components"]["net"]["notes"][1].as_str().unwrap().contains("secret"), "{known:#}");
    let file = std::fs::read_to_string(control(&site, "net").join("outputs.json")).unwrap();
    assert!(!file.contains("canary-output"), "{file}");
    site.infrastructure["components"]["net"]["variables"] = json!({ "v": "two" });
    orchestrate(&site);
    assert_eq!(cached(&site)["outputs"]["net"]["v"], "one");
    scheduled_check(&site);
    assert_eq!(cached(&site)["outputs"]["net"]["v"], "two");
    let unknown = site.run("outputs", json!({ "cached": true, "components": "nett" }));
    assert_eq!(unknown["error"]["code"], "invalid", "{unknown:#}");
}

#[test]
fn an_interrupted_apply_and_a_lost_state_are_reported_and_not_compared() {
    let site = {
        let mut site = Site::new();
        site.component("net", DATA, json!({}));
        site
    };
    orchestrate(&site);
    let applying = control(&site, "net").join("applying.json");
    std::fs::write(&applying, "{}").unwrap();
    let found = site.run("drift", json!({}));
    assert_eq!(found["components"]["net"]["reason"], "unfinished_apply", "{found:#}");
    std::fs::remove_file(&applying).unwrap();
    std::fs::remove_file(site.workdir("net").join("terraform.tfstate")).unwrap();
    let found = look(&site);
    assert_eq!(found["components"]["net"]["reason"], "state_empty", "{found:#}");
    assert_eq!(found["result"], false);
}
