//! Whole runs of many processes on one component. The world records each time when two terraforms write at once.

use serde_json::{Value, json};

use crate::support::killed;
use crate::support::moto::Moto;
use crate::support::server::Server;
use crate::support::world::World;
use crate::support::{Site, statuses};

const THING: &str = "resource \"world_thing\" \"one\" {\n  name = \"one\"\n  body = var.body\n}\n\
                     variable \"body\" {\n  type = string\n}\n";

/// Runs with a local state under the file lock, and with a state in S3 that only Consul's lock protects.
pub fn many(processes: usize, rounds: usize) {
    if let Some(world) = World::new() {
        let root = tempfile::tempdir().unwrap();
        let settings = json!({ "root": root.path().join("root") });
        written_in_turn("file lock", &world, processes, rounds, |_| settings.clone());
    }
    if let (Some(world), Some(consul), Some(moto)) = (World::new(), Server::consul(), Moto::new()) {
        let mut backend = moto.backend();
        // Without terraform's own lock. Each site has its own root, as on different hosts.
        backend["use_lockfile"] = json!(false);
        let lock = json!({
            "type": "consul", "address": format!("http://127.0.0.1:{}", consul.port), "prefix": "runs", "ttl": 10,
        });
        let env: serde_json::Map<_, _> =
            moto.keys().iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        written_in_turn(
            "Consul lock",
            &world,
            processes,
            rounds,
            |site| json!({ "root": site.folder.path().join("root"), "backend": backend, "lock": lock, "env": env }),
        );
    }
}

fn written_in_turn(
    what: &str,
    world: &World,
    processes: usize,
    rounds: usize,
    settings: impl Fn(&Site) -> Value,
) {
    let source = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("main.tf"), world.provider("net") + THING).unwrap();
    world.faults(&json!([{ "id": "1", "do": "delay", "on": "update", "when": "before", "ms": 30 }]));
    let site = |_| {
        let mut site = Site::new();
        let mut more = settings(&site);
        let env = more.as_object_mut().unwrap().remove("env").unwrap_or(json!({}));
        let into = &mut site.infrastructure["settings"];
        into["terraform"] = json!({ "cli_config_file": world.cli_config(), "env": env });
        for (key, value) in more.as_object().unwrap() {
            into[key] = value.clone();
        }
        into["lock_timeout"] = json!(300);
        site.infrastructure["components"]["net"] = json!({ "source": source.path() });
        site
    };
    let mut sites: Vec<Site> = (0..processes).map(site).collect();
    for round in 0..rounds {
        // Each run changes something, whichever run was before it.
        for (index, site) in sites.iter_mut().enumerate() {
            site.infrastructure["components"]["net"]["variables"] =
                json!({ "body": format!("{index} in {round}") });
        }
        let started: Vec<_> = sites.iter().map(killed::start).collect();
        for (site, mut process) in sites.iter().zip(started) {
            assert!(process.wait().unwrap().success());
            let report = killed::report(site);
            assert_eq!(statuses(&report)["net"], "applied", "{report:#}");
        }
    }
    let overlaps = world.overlaps();
    assert!(overlaps.is_empty(), "{overlaps:#?}");
    let runs = processes * rounds;
    let writes =
        world.operations().iter().filter(|call| call["event"] == "end" && call["kind"] != "read").count();
    assert_eq!((writes, world.names().len()), (runs, 1));
    eprintln!("{what}: {runs} runs of {processes} processes, {writes} writes, none together");
}
