//! Rollback after a failed run, with a real terraform and faults on demand. The world's files show the real resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::script::executable;
use crate::support::world::World;
use crate::support::{Site, statuses};

/// A component with things, each with a body. Its output is the body of the first thing.
fn set(site: &mut Site, world: &World, component: &str, things: &[(&str, &str)], rest: Value) {
    let resources: String = things
        .iter()
        .map(|(name, body)| {
            format!("resource \"world_thing\" \"{name}\" {{\n  name = \"{component}-{name}\"\n  body = {body}\n}}\n")
        })
        .collect();
    let first = things[0].0;
    let module = format!(
        "{}{resources}variable \"given\" {{\n  default = \"\"\n}}\noutput \"body\" {{\n  value = world_thing.{first}.body\n}}\n",
        world.provider(component)
    );
    site.component(component, &module, rest);
}

fn site(world: &World) -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.infrastructure["settings"]["on_failure"] = json!("rollback");
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    site
}

fn reads(output: &str) -> Value {
    json!({ "from_outputs": { "given": output } })
}

/// Version 1: net, and app that reads it. Both work.
fn v1(site: &mut Site, world: &World) {
    set(site, world, "net", &[("a", "\"one\"")], json!({}));
    set(site, world, "app", &[("x", "var.given"), ("old", "\"one\"")], reads("net.body"));
}

/// Version 2: net changes and app follows. app has one new thing and lacks an old one.
fn v2(site: &mut Site, world: &World) {
    set(site, world, "net", &[("a", "\"two\""), ("b", "\"two\"")], json!({}));
    set(site, world, "app", &[("x", "var.given"), ("new", "\"two\"")], reads("net.body"));
}

fn fail(world: &World, on: &str, name: &str) {
    world.faults(
        &json!([{ "id": "f", "do": "fail", "on": on, "when": "before", "name": name, "message": "no" }]),
    );
}

/// From each thing's name to its body.
fn bodies(world: &World) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    world.things().values().map(|thing| (text(&thing["name"]), text(&thing["body"]))).collect()
}

fn up(site: &Site) -> Value {
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    report
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn record(site: &Site, component: &str) -> Value {
    let path = site.folder.path().join("root/staging/.eos/components").join(component).join("record.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_failed_apply_rolls_back_all_changes_of_the_run_and_the_resources_are_as_before() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    v1(&mut site, &world);
    up(&site);
    let before = bodies(&world);
    v2(&mut site, &world);
    fail(&world, "create", "app-new");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), pairs(&[("app", "rolled_back"), ("net", "rolled_back")]), "{report:#}");
    assert_eq!(report["result"], false);
    assert_eq!(bodies(&world), before);
    assert!(report["components"]["app"]["error"]["message"].as_str().unwrap().contains("no"), "{report:#}");
    // The resources are those of the known good configuration: with the previous pillar there is nothing to do.
    v1(&mut site, &world);
    world.faults(&json!([]));
    let again = up(&site);
    assert_eq!(statuses(&again), pairs(&[("app", "unchanged"), ("net", "unchanged")]), "{again:#}");
}

#[test]
fn a_failed_first_deployment_is_kept_and_removed_only_on_request() {
    let Some(world) = World::new() else { return };
    for (setting, names, status) in
        [("keep", vec!["app-old", "app-x", "net-a"], "kept"), ("destroy", vec![], "rolled_back")]
    {
        let mut site = site(&world);
        site.infrastructure["settings"]["rollback"] = json!({ "on_first_failure": setting });
        v1(&mut site, &world);
        set(
            &mut site,
            &world,
            "app",
            &[("x", "var.given"), ("old", "\"one\""), ("bad", "\"\"")],
            reads("net.body"),
        );
        fail(&world, "create", "app-bad");
        let report = site.run("orchestrate", json!({}));
        assert_eq!(statuses(&report), pairs(&[("app", status), ("net", status)]), "{report:#}");
        assert_eq!(world.names(), names, "{report:#}");
        world.faults(&json!([]));
        if setting == "keep" {
            assert_eq!(site.run("destroy", json!({ "confirm": "staging" }))["result"], true);
        }
    }
}

#[test]
fn a_rollback_that_replaces_earlier_resources_waits_for_approval_and_names_them() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    let replaced = |on: &str| format!("\"one\"\n  replace_on = \"{on}\"");
    set(&mut site, &world, "net", &[("a", &replaced("one"))], json!({}));
    set(&mut site, &world, "app", &[("x", "var.given")], reads("net.body"));
    up(&site);
    set(&mut site, &world, "net", &[("a", &replaced("two"))], json!({}));
    set(&mut site, &world, "app", &[("x", "var.given"), ("bad", "\"\"")], reads("net.body"));
    fail(&world, "create", "app-bad");
    let report = site.run("orchestrate", json!({}));
    let net = &report["components"]["net"];
    assert_eq!(net["status"], "rollback_needs_approval", "{report:#}");
    assert_eq!(net["error"]["details"]["addresses"], json!(["world_thing.a"]), "{report:#}");
    assert!(net["error"]["remedy"].as_str().unwrap().contains(net["snapshot_id"].as_str().unwrap()));
    // A person may check this, and confirm it.
    let asked = json!({ "components": "net", "snapshot_id": net["snapshot_id"] });
    let stopped = site.run("rollback", asked.clone());
    assert_eq!(stopped["components"]["net"]["reason"], "rollback_needs_approval", "{stopped:#}");
    let mut confirmed = asked;
    confirmed["confirm"] = json!("staging");
    assert_eq!(site.run("rollback", confirmed)["components"]["net"]["status"], "applied");
    // If the setting approves this in advance, the rollback runs by itself.
    set(&mut site, &world, "net", &[("a", &replaced("three"))], json!({}));
    site.infrastructure["settings"]["rollback"] = json!({ "needs_approval_for": [] });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["components"]["net"]["status"], "rolled_back", "{report:#}");
    let things = world.things();
    let a = things.values().find(|thing| thing["name"] == "net-a").unwrap();
    assert_eq!(a["replace_on"], "one", "{a:#}");
}

#[test]
fn a_failed_rollback_is_tried_once_and_blocks_until_it_is_acknowledged() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    set(&mut site, &world, "net", &[("a", "\"one\"")], json!({}));
    up(&site);
    set(&mut site, &world, "net", &[("a", "\"two\""), ("bad", "\"\"")], json!({}));
    world.faults(&json!([
        { "id": "f", "do": "fail", "on": "create", "when": "before", "name": "net-bad", "message": "no" },
        { "id": "g", "do": "fail", "on": "update", "when": "before", "name": "net-a", "nth": 2, "message": "nor back" },
    ]));
    // The change must take effect before the failure. Otherwise there is nothing to roll back.
    let module = site.folder.path().join("modules/net/main.tf");
    let text = std::fs::read_to_string(&module).unwrap();
    let text =
        text.replace("name = \"net-bad\"\n  body = \"\"", "name = \"net-bad\"\n  body = world_thing.a.body");
    std::fs::write(&module, text).unwrap();
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), pairs(&[("net", "rollback_failed")]), "{report:#}");
    assert_eq!(record(&site, "net")["blocked"]["run_id"], report["run_id"]);
    let remedy = report["components"]["net"]["error"]["remedy"].as_str().unwrap();
    assert!(remedy.contains("salt-run infrastructure.acknowledge staging components=net"), "{remedy}");
    world.faults(&json!([]));
    let refused = site.run("orchestrate", json!({}));
    assert_eq!(refused["components"]["net"]["reason"], "rollback_failed", "{refused:#}");
    assert_eq!(refused["components"]["net"]["status"], "blocked");
    assert_eq!(site.run("orchestrate", json!({ "test": true }))["components"]["net"]["status"], "planned");
    let looked = site.run("acknowledge", json!({ "components": "net" }));
    assert_eq!(looked["components"]["net"]["reason"], "acknowledged", "{looked:#}");
    up(&site);
    assert_eq!(bodies(&world), pairs(&[("net-a", "two"), ("net-bad", "two")]));
}

#[test]
fn a_failed_apply_after_which_a_plan_is_empty_is_applied_with_warnings() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    set(&mut site, &world, "net", &[("a", "\"one\"")], json!({}));
    up(&site);
    // The thing is deleted, and then the call reports a failure. The next plan finds that the thing is gone.
    set(&mut site, &world, "net", &[("a", "\"one\""), ("b", "\"one\"")], json!({}));
    up(&site);
    set(&mut site, &world, "net", &[("a", "\"one\"")], json!({}));
    world.faults(&json!([
        { "id": "f", "do": "fail", "on": "delete", "when": "after", "name": "net-b", "message": "late" },
    ]));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), pairs(&[("net", "applied_with_warnings")]), "{report:#}");
    assert_eq!(report["result"], true);
    let net = &report["components"]["net"];
    assert!(
        net["notes"].as_array().unwrap().iter().any(|note| note.as_str().unwrap().contains("late")),
        "{net:#}"
    );
}

#[test]
fn a_component_with_rollback_switched_off_stays_and_reports_it() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    v1(&mut site, &world);
    up(&site);
    v2(&mut site, &world);
    site.infrastructure["components"]["net"]["on_failure"] = json!("stop");
    fail(&world, "create", "app-new");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), pairs(&[("app", "rolled_back"), ("net", "kept")]), "{report:#}");
    assert_eq!(report["components"]["net"]["reason"], "rollback_off");
    assert_eq!(bodies(&world)["net-a"], "two");
}

#[test]
fn with_rollback_switched_off_nothing_is_rolled_back() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    site.infrastructure["settings"]["on_failure"] = json!("stop");
    v1(&mut site, &world);
    up(&site);
    v2(&mut site, &world);
    fail(&world, "create", "app-new");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), pairs(&[("app", "failed"), ("net", "applied")]), "{report:#}");
    assert_eq!(bodies(&world)["net-a"], "two");
}

/// A wrapper for terraform that runs these lines for the apply of a component.
fn apply_by(site: &mut Site, component: &str, lines: &str) {
    let script = site.folder.path().join("terraform");
    let text = format!(
        "#!/bin/sh\ncase \"$1 $PWD\" in\n\"apply \"*/{component}/*)\n{lines}\n;;\nesac\nexec terraform \"$@\"\n"
    );
    executable(&script, &text);
    site.infrastructure["settings"]["terraform"]["binary"] = json!(script);
}

#[test]
fn after_a_killed_terraform_nothing_is_rolled_back_automatically() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    v1(&mut site, &world);
    up(&site);
    v2(&mut site, &world);
    apply_by(&mut site, "app", "kill -9 $$");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), pairs(&[("app", "failed"), ("net", "kept")]), "{report:#}");
    assert_eq!(report["components"]["net"]["reason"], "unclear_failure");
    assert_eq!(bodies(&world)["net-a"], "two");
}

#[test]
fn a_perpetual_diff_is_accepted_as_known_good() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    let restless = "timestamp()";
    set(&mut site, &world, "net", &[("a", "\"one\""), ("clock", restless)], json!({}));
    let first = up(&site);
    assert!(first["components"]["net"]["notes"].to_string().contains("this is accepted"), "{first:#}");
    assert_eq!(record(&site, "net")["residue"], json!(["world_thing.clock"]));
    set(
        &mut site,
        &world,
        "net",
        &[("a", "\"two\""), ("clock", restless), ("bad", "world_thing.a.body")],
        json!({}),
    );
    fail(&world, "create", "net-bad");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), pairs(&[("net", "rolled_back")]), "{report:#}");
    assert_eq!(bodies(&world)["net-a"], "one");
}

fn snapshot_id(report: &Value, component: &str) -> String {
    report["components"][component]["snapshot_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_component_is_rolled_back_to_a_snapshot_as_previewed() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    set(&mut site, &world, "net", &[("a", "\"one\"")], json!({}));
    up(&site);
    set(&mut site, &world, "net", &[("a", "\"two\""), ("b", "\"two\"")], json!({}));
    let second = up(&site);
    let arguments =
        |test: bool| json!({ "components": "net", "snapshot_id": snapshot_id(&second, "net"), "test": test });
    let shown = site.run("rollback", arguments(true));
    assert_eq!(statuses(&shown), pairs(&[("net", "planned")]), "{shown:#}");
    assert_eq!(
        shown["components"]["net"]["changes"],
        json!({ "add": 0, "change": 1, "remove": 1, "import": 0, "forget": 0, "action_invocation": 0, "deferred": 0 })
    );
    assert_eq!(world.names(), ["net-a", "net-b"]);
    let back = site.run("rollback", arguments(false));
    assert_eq!(back["result"], true, "{back:#}");
    assert_eq!(bodies(&world), pairs(&[("net-a", "one")]));
    // A second rollback finds nothing to do.
    let twice = site.run("rollback", arguments(false));
    assert_eq!(statuses(&twice), pairs(&[("net", "unchanged")]), "{twice:#}");
    // The pillar still has the other version.
    assert_eq!(site.run("orchestrate", json!({ "test": true }))["components"]["net"]["status"], "planned");
}

#[test]
fn an_unknown_foreign_or_first_snapshot_is_refused_and_nothing_runs() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    v1(&mut site, &world);
    let first = up(&site);
    let code = |component: &str, snapshot_id: &str| {
        let report = site.run("rollback", json!({ "components": component, "snapshot_id": snapshot_id }));
        assert_eq!(report["result"], false, "{report:#}");
        report["error"]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(code("net", "01JD3KV6T0W8Q5YB4E2N9RZXCM"), "no_such_snapshot");
    assert_eq!(code("net", &snapshot_id(&first, "app")), "no_such_snapshot");
    assert_eq!(code("net", &snapshot_id(&first, "net")), "no_earlier_configuration");
    assert_eq!(code("net,app", &snapshot_id(&first, "net")), "invalid");
    assert_eq!(code("net", "../../x"), "invalid");
}

#[test]
fn several_components_roll_back_in_stages_and_those_with_data_stay() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world);
    v1(&mut site, &world);
    up(&site);
    v2(&mut site, &world);
    up(&site);
    site.infrastructure["components"]["app"]["data"] = json!(["world_thing.new"]);
    let wrong = site.run("rollback", json!({ "components": "app,net", "order": "net,app" }));
    assert_eq!(wrong["error"]["code"], "order", "{wrong:#}");
    let staged = json!({ "components": "app,net", "order": "app,net", "preserve_data": true });
    let back = site.run("rollback", staged);
    assert_eq!(back["result"], true, "{back:#}");
    assert_eq!(
        bodies(&world),
        pairs(&[("app-new", "two"), ("app-old", "one"), ("app-x", "one"), ("net-a", "one")])
    );
    let notes = back["components"]["app"]["notes"].to_string();
    assert!(notes.contains("kept, because it holds data: world_thing.new"), "{back:#}");
}
