//! Claims about changes from outside that an apply writes into the state before anybody has looked for drift.

use serde_json::{Value, json};

use crate::support::world::World;
use crate::support::{Site, statuses};

/// Two things. Each apply of a test changes the body of the second one.
fn site(world: &World, rest: Value) -> Site {
    let things = "variable \"body\" { default = \"one\" }\nvariable \"other\" { default = \"one\" }\n\
        resource \"world_thing\" \"plain\" {\n  name = \"plain\"\n  body = var.body\n}\n\
        resource \"world_thing\" \"other\" {\n  name = \"other\"\n  body = var.other\n}\n";
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.component("web", &(world.provider("web") + things), rest);
    orchestrate(&site);
    site
}

fn orchestrate(site: &Site) -> Value {
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
    done["components"]["web"].clone()
}

fn apply_other(site: &mut Site, body: &str) -> Value {
    site.infrastructure["components"]["web"]["variables"] = json!({ "other": body });
    orchestrate(site)
}

fn look(site: &Site) -> Value {
    site.run("drift", json!({}))["components"]["web"].clone()
}

/// Changes a value that no configuration sets.
fn revise(world: &World, revision: u64) {
    world.set("plain", "revision", json!(revision));
}

/// The notes about changes from outside.
fn told(done: &Value) -> Vec<&str> {
    let notes = done["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    notes.filter(|note| note.contains("changed outside")).collect()
}

/// The path, and the value before and after, of each attribute that has drifted.
fn drifted(found: &Value) -> Value {
    let changes = found["drift"]["changes"].as_array().unwrap_or_else(|| panic!("{found:#}"));
    changes.iter().flat_map(|one| one["attributes"].as_array().unwrap().clone()).collect()
}

fn revision(after: u64) -> Value {
    json!([{ "path": "revision", "before": "(not stored)", "after": after }])
}

#[test]
fn drift_that_an_apply_writes_into_the_state_is_told_until_a_person_accepts_it() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, json!({ "drift": { "baseline": true } }));
    revise(&world, 9);
    let calls = site.log_calls();
    let done = apply_other(&mut site, "two");
    // It is another program, so it needs an init.
    assert_eq!(calls(), ["init", "plan", "apply", "plan"], "it costs no process of terraform");
    let [note] = told(&done)[..] else { panic!("{done:#}") };
    assert!(note.contains("world_thing.plain (revision)"), "{note}");
    let found = look(&site);
    assert_eq!((&found["status"], drifted(&found)), (&json!("drifted"), revision(9)), "{found:#}");
    assert_eq!(found["drift"]["changes"][0]["undone_by_a_plan"], false);
    assert_eq!(found["drift"]["changes"][0]["cause"], "changed_outside");

    // Another apply accepts it as little, and a person can undo it by hand.
    assert_eq!(told(&apply_other(&mut site, "three")).len(), 1);
    let found = look(&site);
    assert_eq!(drifted(&found), revision(9));
    revise(&world, 1);
    assert_eq!(look(&site)["status"], "unchanged");
    revise(&world, 9);
    let id = look(&site)["drift"]["drift_id"].clone();
    assert_eq!(id, found["drift"]["drift_id"], "the same drift has the same id");
    let done = site.run("accept_drift", json!({ "component": "web", "drift_id": id }));
    assert_eq!(done["components"]["web"]["status"], "applied", "{done:#}");
    assert_eq!(look(&site)["status"], "unchanged");
    assert_eq!(told(&apply_other(&mut site, "four")), Vec::<&str>::new());
}

#[test]
fn where_nobody_has_looked_the_first_check_lists_what_an_apply_wrote_into_the_state() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, json!({}));
    revise(&world, 9);
    let calls = site.log_calls();
    let done = apply_other(&mut site, "two");
    assert_eq!(calls(), ["init", "plan", "apply"], "nobody ever checked");
    let [note] = told(&done)[..] else { panic!("{done:#}") };
    assert!(note.starts_with("filled in by a provider or by another resource, or changed outside"), "{note}");
    assert_eq!(told(&apply_other(&mut site, "three")), Vec::<&str>::new(), "once");
    let found = look(&site);
    assert_eq!(found["status"], "unchanged", "{found:#}");
    let first = &found["drift"]["first_look"];
    assert_eq!((&first[0]["address"], &first[0]["attributes"]), (&json!("world_thing.plain"), &revision(9)));
    let found = look(&site);
    assert_eq!((&found["status"], &found["drift"]["first_look"]), (&json!("unchanged"), &Value::Null));
    revise(&world, 10);
    assert_eq!(look(&site)["status"], "drifted");
}

#[test]
fn what_an_apply_changes_back_is_not_kept() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, json!({ "drift": { "baseline": true } }));
    world.set("plain", "body", json!("by hand"));
    let done = apply_other(&mut site, "two");
    assert_eq!(told(&done), Vec::<&str>::new(), "{done:#}");
    let baseline = site.folder.path().join("root/staging/.eos/components/web/baseline.json");
    let stored: Value = serde_json::from_slice(&std::fs::read(baseline).unwrap()).unwrap();
    assert_eq!(stored["absorbed"], Value::Null, "{stored:#}");
    assert_eq!(look(&site)["status"], "unchanged");
}

#[test]
fn a_value_by_hand_that_the_pillar_gives_too_is_no_drift_after_the_apply_and_the_rest_can_be_accepted() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, json!({ "drift": { "baseline": true } }));
    world.set("plain", "body", json!("by hand"));
    site.infrastructure["components"]["web"]["variables"] = json!({ "other": "two", "body": "by hand" });
    let done = orchestrate(&site);
    let [note] = told(&done)[..] else { panic!("{done:#}") };
    assert!(note.contains("If the configuration does not have it now"), "{note}");
    let found = look(&site);
    // Nothing shows whether the provider computed this value from the body.
    let attributes = drifted(&found);
    let paths: Vec<_> = attributes.as_array().unwrap().iter().map(|one| &one["path"]).collect();
    assert_eq!(paths, ["digest"], "{found:#}");
    let id = &found["drift"]["drift_id"];
    site.run("accept_drift", json!({ "component": "web", "drift_id": id }));
    assert_eq!(look(&site)["status"], "unchanged");
}

#[test]
fn an_apply_that_fails_does_not_hide_what_it_wrote_into_the_state() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, json!({ "drift": { "baseline": true } }));
    revise(&world, 9);
    world.faults(&json!([{ "id": "f", "on": "update", "name": "other", "when": "before", "do": "fail" }]));
    site.infrastructure["components"]["web"]["variables"] = json!({ "other": "two" });
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "failed", "{done:#}");
    assert_eq!(told(&done["components"]["web"]).len(), 1, "{done:#}");
    world.faults(&json!([]));
    let found = look(&site);
    assert_eq!(drifted(&found), revision(9), "{found:#}");
    orchestrate(&site);
    assert_eq!(drifted(&look(&site)), revision(9));
}

#[test]
fn a_saved_plan_that_is_applied_later_keeps_what_its_refresh_had_found() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, json!({ "drift": { "baseline": true } }));
    revise(&world, 9);
    site.infrastructure["components"]["web"]["variables"] = json!({ "other": "two" });
    let plan = site.run("plan", json!({}));
    let done = site.run("apply", json!({ "plan_id": plan["plan_id"] }));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
    assert_eq!(told(&done["components"]["web"]).len(), 1, "{done:#}");
    assert_eq!(drifted(&look(&site)), revision(9));
}
