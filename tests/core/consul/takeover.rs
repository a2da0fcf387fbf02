//! A host takes over from one that died. They have two roots, one lock, and one state that both can reach.

use serde_json::{Value, json};

use super::bench::Bench;
use crate::support::killed::{kill_all, start, until_hangs};
use crate::support::postgres::Postgres;
use crate::support::world::World;
use crate::support::{Site, statuses};

/// A separate host, as far as Eos can see: no other host has the files of its root.
fn host(bench: &Bench, world: &World, postgres: &Postgres) -> Site {
    let mut site = Site::new();
    let things = ["one", "two"].map(|name| {
        let after = if name == "two" { "  depends_on = [world_thing.one]\n" } else { "" };
        format!("resource \"world_thing\" \"{name}\" {{\n  name = \"{name}\"\n{after}}}\n")
    });
    site.component("net", &(world.provider("net") + &things.concat()), json!({}));
    let env: serde_json::Map<String, Value> =
        postgres.keys().iter().map(|(name, value)| ((*name).into(), json!(value))).collect();
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config(), "env": env });
    settings["backend"] = postgres.backend();
    settings["lock_timeout"] = json!(60);
    settings["lock"] = json!({
        "type": "consul", "address": bench.settings.address, "prefix": bench.settings.prefix, "ttl": 10,
        "lock_delay": 1,
    });
    site
}

fn notes(report: &Value) -> String {
    report["components"]["net"]["notes"].to_string()
}

#[test]
fn the_next_host_names_the_run_of_a_dead_host_and_the_first_host_reports_it_completely() {
    let Some(bench) = Bench::new("takeover") else { return };
    let (Some(world), Some(postgres)) = (World::new(), Postgres::new()) else { return };
    let (first, second) = (host(&bench, &world, &postgres), host(&bench, &world, &postgres));
    let applying =
        || bench.call("GET", &format!("kv/{}/staging/net/applying?raw", bench.settings.prefix), "");

    world.faults(&json!([{ "id": "1", "do": "hang", "on": "create", "when": "after", "name": "two" }]));
    let us = start(&first);
    let call = until_hangs(&world, "create", "two");
    let told: Value = serde_json::from_str(&applying().1).unwrap();
    let run_id = told["run_id"].as_str().unwrap();
    kill_all(us, &call);
    world.faults(&json!([]));
    bench.destroy(&bench.session().unwrap());

    let status = second.run("status", json!({}));
    assert_eq!(status["components"]["net"]["reason"], "unfinished_apply", "{status:#}");
    assert!(notes(&status).contains(run_id), "{status:#}");
    let seen = second.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&seen)["net"], "planned", "{seen:#}");
    for word in [run_id, told["host"].as_str().unwrap(), told["started"].as_str().unwrap()] {
        assert!(notes(&seen).contains(word), "{word}: {seen:#}");
    }
    let unknown = second.run("resume", json!({ "run_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" }));
    assert_eq!(unknown["error"]["code"], "no_such_run", "{unknown:#}");
    let taken = second.run("resume", json!({}));
    assert_eq!(statuses(&taken)["net"], "applied", "{taken:#}");
    assert!(notes(&taken).contains(run_id), "{taken:#}");
    // A completed run counts as completed on every host.
    for host in [&first, &second] {
        let nothing = host.run("resume", json!({}));
        assert_eq!(nothing["error"]["code"], "run_complete", "{nothing:#}");
    }
    assert_eq!(applying().0, 404);
    assert_eq!(second.run("status", json!({}))["components"]["net"]["reason"], "");
    let again = second.run("orchestrate", json!({}));
    assert!(statuses(&again)["net"] == "unchanged" && notes(&again) == "null", "{again:#}");

    // The first host knows which resources it began to create, and that no state has them.
    let back = first.run("orchestrate", json!({}));
    assert_eq!(statuses(&back)["net"], "unchanged", "{back:#}");
    let orphans = back["components"]["net"]["possible_orphans"].as_array().unwrap();
    assert_eq!(orphans.len(), 2, "{back:#}");
    assert_eq!(world.names(), ["one", "one", "two", "two"]);
    assert!(world.overlaps().is_empty());
}

#[test]
fn a_crashed_destroy_is_resumed_by_another_host_but_a_saved_plan_is_not() {
    let Some(bench) = Bench::new("destruction") else { return };
    let (Some(world), Some(postgres)) = (World::new(), Postgres::new()) else { return };
    let (first, second) = (host(&bench, &world, &postgres), host(&bench, &world, &postgres));
    let none = second.run("resume", json!({}));
    assert_eq!(none["error"]["code"], "no_such_run", "{none:#}");
    let plan_id = first.run("plan", json!({}))["plan_id"].as_str().unwrap().to_owned();
    world.faults(&json!([{ "id": "1", "do": "fail", "on": "create", "name": "two" }]));
    let failed = first.run("apply", json!({ "plan_id": plan_id }));
    assert_eq!(statuses(&failed)["net"], "failed", "{failed:#}");
    let kept = second.run("resume", json!({}));
    assert_eq!(kept["error"]["code"], "not_resumable", "{kept:#}");
    assert!(kept["error"]["message"].as_str().unwrap().contains(&plan_id), "{kept:#}");

    world.faults(&json!([]));
    assert_eq!(statuses(&first.run("orchestrate", json!({})))["net"], "applied");
    world.faults(&json!([{ "id": "2", "do": "fail", "on": "delete", "name": "one" }]));
    let half = first.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&half)["net"], "failed", "{half:#}");
    world.faults(&json!([]));
    let rest = second.run("resume", json!({}));
    assert_eq!(statuses(&rest)["net"], "destroyed", "{rest:#}");
    assert_eq!(world.names(), [""; 0]);
}
