//! Claims about importing, moving and removing resources in the state, with the provider for tests. The world's files
//! and the state show the result.

use serde_json::{Value, json};

use crate::support::program;
use crate::support::world::World;
use crate::support::{Site, statuses};

fn thing(resource: &str, name: &str) -> String {
    format!("resource \"world_thing\" \"{resource}\" {{\n  name = \"{name}\"\n}}\n")
}

fn site(world: &World, things: &str) -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    has(&mut site, world, things);
    site
}

fn has(site: &mut Site, world: &World, things: &str) {
    site.component("c", &(world.provider("c") + things), json!({}));
}

/// Makes a thing that Terraform does not know.
fn stray(world: &World, name: &str) -> String {
    let id = format!("{name}-0123abcd");
    let thing = json!({
        "id": id, "name": name, "body": "", "replace_on": null, "secret": null, "unique": false, "revision": 1,
    });
    std::fs::write(world.path("things").join(format!("{id}.json")), thing.to_string()).unwrap();
    id
}

fn call(site: &Site, function: &str, arguments: Value) -> Value {
    let mut call = json!({ "component": "c" });
    call.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    let answer = site.run(&format!("module.{function}"), call);
    assert!(answer["message"].is_string(), "{answer:#}");
    // With any result, no file of Eos remains beside the module.
    assert!(!site.workdir("c").join("module/eos_surgery.tf").exists());
    answer
}

fn import(site: &Site, address: &str, id: &str) -> Value {
    call(site, "import_resource", json!({ "resource_address": address, "resource_id": id }))
}

fn remove(site: &Site, address: &str, destroy: bool) -> Value {
    call(site, "remove_resource", json!({ "resource_address": address, "destroy": destroy }))
}

fn shift(site: &Site, from: &str, to: &str) -> Value {
    call(site, "move_resource", json!({ "from_address": from, "to_address": to }))
}

fn state(site: &Site) -> Vec<u8> {
    std::fs::read(site.workdir("c").join("terraform.tfstate")).unwrap_or_default()
}

/// Checks that nothing remains to do.
fn is_clean(site: &Site) {
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["c"], "unchanged", "{report:#}");
}

#[test]
fn an_existing_resource_is_imported_by_a_plan_without_other_changes() {
    let Some(world) = World::new() else { return };
    let site = site(&world, &thing("web", "web"));
    let id = stray(&world, "web");
    let arguments = json!({ "resource_address": "world_thing.web", "resource_id": id, "test": true });
    let tested = call(&site, "import_resource", arguments);
    assert!(tested["result"].is_null(), "{tested:#}");
    assert_eq!(tested["resource_changes"][0]["actions"], json!(["import"]), "{tested:#}");
    assert!(state(&site).is_empty());

    let imported = import(&site, "world_thing.web", &id);
    assert_eq!((&imported["result"], &imported["status"]), (&json!(true), &json!("applied")), "{imported:#}");
    assert!(!imported["snapshot_id"].is_null() && imported["changes"]["import"] == 1, "{imported:#}");
    is_clean(&site);
    assert_eq!(world.names(), ["web"]);

    let again = import(&site, "world_thing.web", &id);
    assert_eq!((&again["result"], &again["reason"]), (&json!(true), &json!("in_state")), "{again:#}");
    let other = import(&site, "world_thing.web", "web-ffffffff");
    assert_eq!((&other["result"], &other["error"]["code"]), (&json!(false), &json!("other_id")), "{other:#}");
    assert!(other["message"].as_str().unwrap().contains(&id), "{other:#}");
}

#[test]
fn an_import_with_other_changes_is_refused_and_does_nothing() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, &(thing("web", "web") + &thing("db", "db")));
    let id = stray(&world, "web");
    let refused = import(&site, "world_thing.web", &id);
    assert_eq!(refused["error"]["code"], "other_changes", "{refused:#}");
    assert_eq!(refused["error"]["details"]["addresses"], json!(["world_thing.db"]), "{refused:#}");
    // If it were imported with another name, it would be replaced.
    has(&mut site, &world, &thing("web", "other"));
    let refused = import(&site, "world_thing.web", &id);
    assert_eq!(refused["error"]["code"], "other_changes", "{refused:#}");
    assert_eq!(world.names(), ["web"]);
    assert!(state(&site).is_empty());
}

#[test]
fn undeclared_missing_and_invalid_addresses_are_refused() {
    let Some(world) = World::new() else { return };
    let site = site(&world, &thing("web", "web"));
    let id = stray(&world, "web");
    let undeclared = import(&site, "world_thing.nothing", &id);
    assert_eq!(undeclared["error"]["code"], "not_declared", "{undeclared:#}");
    let nowhere = import(&site, "world_thing.web", "web-ffffffff");
    assert_eq!(nowhere["error"]["code"], "terraform_failed", "{nowhere:#}");
    for (address, id) in
        [("world_thing.web } x {", "web"), ("module.m", "web"), ("", "web"), ("world_thing.web", "")]
    {
        let refused = import(&site, address, id);
        assert_eq!(
            (&refused["error"]["code"], &refused["retcode"]),
            (&json!("invalid"), &json!(1)),
            "{refused:#}"
        );
    }
    assert!(state(&site).is_empty());
}

#[test]
fn a_resource_is_moved_once_and_a_second_time_is_nothing_to_do() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, &thing("old", "web"));
    site.run("orchestrate", json!({}));
    let before = world.things();
    has(&mut site, &world, &thing("new", "web"));
    let moved = shift(&site, "world_thing.old", "world_thing.new");
    assert_eq!((&moved["result"], &moved["status"]), (&json!(true), &json!("applied")), "{moved:#}");
    assert_eq!(moved["resource_changes"][0]["actions"], json!(["move"]), "{moved:#}");
    is_clean(&site);
    assert_eq!(world.things(), before);
    let again = shift(&site, "world_thing.old", "world_thing.new");
    assert_eq!((&again["result"], &again["reason"]), (&json!(true), &json!("moved_before")), "{again:#}");
    let nowhere = shift(&site, "world_thing.x", "world_thing.y");
    assert_eq!(nowhere["error"]["code"], "no_such_resource", "{nowhere:#}");
}

#[test]
fn a_resource_removed_from_the_state_stays_unless_destroy_is_requested() {
    let Some(world) = World::new() else { return };
    let mut site = site(&world, &(thing("web", "web") + &thing("db", "db")));
    site.run("orchestrate", json!({}));
    let declared = remove(&site, "world_thing.db", false);
    assert_eq!(declared["result"], false, "{declared:#}");
    has(&mut site, &world, &thing("web", "web"));
    if !program::has("1.7", "1.10") {
        let refused = remove(&site, "world_thing.db", false);
        assert_eq!(refused["error"]["code"], "terraform_version", "{refused:#}");
        return;
    }
    let tested =
        call(&site, "remove_resource", json!({ "resource_address": "world_thing.db", "test": true }));
    assert_eq!(tested["resource_changes"][0]["actions"], json!(["forget"]), "{tested:#}");
    let removed = remove(&site, "world_thing.db", false);
    assert_eq!((&removed["result"], &removed["status"]), (&json!(true), &json!("applied")), "{removed:#}");
    is_clean(&site);
    assert_eq!(world.names(), ["db", "web"]);
    assert_eq!(remove(&site, "world_thing.db", false)["reason"], "not_in_state");

    has(&mut site, &world, "");
    let destroyed = remove(&site, "world_thing.web", true);
    assert_eq!(destroyed["result"], true, "{destroyed:#}");
    assert_eq!(world.names(), ["db"]);
}

#[test]
fn a_state_edit_does_not_destroy_a_protected_resource_without_an_approval() {
    if !program::has("1.7", "1.10") {
        return;
    }
    let Some(world) = World::new() else { return };
    let mut site = site(&world, &thing("web", "web"));
    site.run("orchestrate", json!({}));
    site.infrastructure["settings"]["policy"] = json!({ "protect": ["world_thing"] });
    has(&mut site, &world, "");
    let blocked = remove(&site, "world_thing.web", true);
    assert_eq!(blocked["status"], "blocked", "{blocked:#}");
    assert_eq!(world.names(), ["web"]);
    let plan_id = &blocked["plan_id"];
    assert_eq!(site.run("approve", json!({ "plan_id": plan_id }))["result"], true);
    let applied = site.run("apply", json!({ "plan_id": plan_id }));
    assert_eq!(statuses(&applied)["c"], "applied", "{applied:#}");
    assert!(world.names().is_empty());
}

#[test]
fn a_block_of_a_crashed_run_belongs_to_eos_and_is_removed() {
    let Some(world) = World::new() else { return };
    let site = site(&world, &thing("web", "web"));
    site.run("orchestrate", json!({}));
    let file = site.workdir("c").join("module/eos_surgery.tf");
    std::fs::write(&file, "removed {\n  from = world_thing.gone\n}\n").unwrap();
    // The run writes the manifest before it writes the block.
    let manifest = site.folder.path().join("root/staging/.eos/components/c/manifest.json");
    let mut written: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    let digest = "61ca52a2bd2a22ee0df95cc8d1e0bd9e0a5f6a8ac7e6ac9aee7a03d0a7bd7e09";
    written["written"]["module/eos_surgery.tf"] = json!(digest);
    std::fs::write(&manifest, written.to_string()).unwrap();
    let refused = site.run("orchestrate", json!({}));
    assert_eq!(refused["components"]["c"]["error"]["code"], "edited_by_hand", "another's text is not ours");
    std::fs::remove_file(&file).unwrap();
    is_clean(&site);
    let manifest: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    assert!(manifest["written"]["module/eos_surgery.tf"].is_null());
}

#[test]
fn a_state_edit_is_not_resumed() {
    let Some(world) = World::new() else { return };
    let site = site(&world, &thing("web", "web"));
    stray(&world, "web");
    let failed = import(&site, "world_thing.web", "web-ffffffff");
    let resumed = site.run("resume", json!({ "run_id": failed["run_id"] }));
    assert_eq!(resumed["error"]["code"], "run_complete", "{resumed:#}");
    assert_eq!(world.names(), ["web"], "nothing was created in its place");
}
