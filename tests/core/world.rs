//! Whole runs with the provider for tests. The report is compared with the world's files.

use serde_json::json;

use crate::support::world::World;
use crate::support::{Site, statuses};

/// A component with two things. The second depends on the first.
fn site(world: &World) -> Site {
    let things = "resource \"world_thing\" \"first\" {\n  name = \"first\"\n}\n\
                  resource \"world_thing\" \"second\" {\n  name = \"second\"\n  \
                  body = world_thing.first.id\n}\n";
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.component("pair", &(world.provider("pair") + things), json!({}));
    site
}

#[test]
fn resources_created_before_a_failure_are_kept_and_not_created_again() {
    let Some(world) = World::new() else { return };
    let site = site(&world);
    let fault = json!({ "id": "1", "do": "fail", "on": "create", "when": "before", "name": "second" });
    world.faults(&json!([fault]));
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&failed)["pair"], "failed", "{failed:#}");
    assert_eq!(world.names(), ["first"]);
    world.faults(&json!([]));
    let applied = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&applied)["pair"], "applied", "{applied:#}");
    assert_eq!(world.names(), ["first", "second"]);
    assert!(world.overlaps().is_empty());
}

#[test]
fn resources_changed_or_deleted_outside_are_remediated() {
    let Some(world) = World::new() else { return };
    let site = site(&world);
    site.run("orchestrate", json!({}));
    let of = |name| world.things().into_values().find(|thing| thing["name"] == name).unwrap();
    let (first, second) = (of("first"), of("second"));
    world.delete(first["id"].as_str().unwrap());
    world.change(second["id"].as_str().unwrap(), "by hand");
    let applied = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&applied)["pair"], "applied", "{applied:#}");
    assert_eq!(world.names(), ["first", "second"]);
    assert_eq!(of("second")["body"], of("first")["id"]);
    assert_ne!(of("first")["id"], first["id"]);
}

#[test]
fn a_provider_that_crashes_after_its_effect_leaves_a_resource_that_is_in_no_state() {
    let Some(world) = World::new() else { return };
    let site = site(&world);
    world.faults(&json!([{ "id": "1", "do": "crash", "on": "create", "when": "after", "nth": 1 }]));
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&failed)["pair"], "failed", "{failed:#}");
    assert_eq!(world.names(), ["first"]);
    assert_eq!(world.operations().iter().filter(|line| line["event"] == "end").count(), 0);
    let state = std::fs::read_to_string(site.workdir("pair").join("terraform.tfstate")).unwrap_or_default();
    assert!(!state.contains(world.things().keys().next().unwrap()), "{state}");
}
