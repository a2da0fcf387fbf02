//! A host can roll back to a configuration that another host applied. Consul has the configuration, but no state.

use eos::error::Code;
use eos::snapshot::SnapshotStore;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::support::http_backend::HttpBackend;
use crate::support::{Site, statuses};

const NET: &str = "variable \"size\" {}\nresource \"terraform_data\" \"net\" {\n  input = var.size\n}\n";

/// A host with its own root, but with the same lock and backend as the other host.
fn host(bench: &Bench, backend: &HttpBackend, size: u32) -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({ "variables": { "size": size } }));
    let module = site.folder.path().join("modules/net");
    std::fs::write(module.join("large"), "x".repeat(500 * 1024)).unwrap();
    let settings = &mut site.infrastructure["settings"];
    settings["lock"] = json!({
        "type": "consul", "address": bench.settings.address, "prefix": bench.settings.prefix, "ttl": 10,
    });
    settings["backend"] = json!({ "type": "http", "address": backend.url() });
    site
}

fn store(site: &Site) -> SnapshotStore {
    SnapshotStore::new(site.folder.path().join("root/staging/.eos/components/net/snapshots"))
}

/// Every object in Consul: its digest and its size in bytes.
fn objects(bench: &Bench) -> Vec<(String, usize)> {
    let path = format!("kv/{}/.objects/staging/net/?recurse&consistent", bench.settings.prefix);
    let keys = bench.json("GET", &path, "");
    let one = |key: &Value| {
        let name = key["Key"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        (name, key["Value"].as_str().unwrap().len() * 3 / 4)
    };
    keys.as_array().unwrap().iter().map(one).collect()
}

fn applied(site: &Site) -> Value {
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["net"], "applied", "{report:#}");
    report
}

#[test]
fn a_configuration_of_one_host_can_be_used_on_another_and_states_are_not_shared() {
    let Some(bench) = Bench::new("sharing") else { return };
    let backend = HttpBackend::new();
    let (one, two) = (host(&bench, &backend, 1), host(&bench, &backend, 2));
    let first = applied(&one);
    let id = first["components"]["net"]["snapshot_id"].as_str().unwrap();
    let first = store(&one).read(id).unwrap().next;
    let shared = objects(&bench);
    assert_eq!(shared.len(), 4, "two files, the variables, the configuration: {shared:?}");
    assert!(shared.iter().any(|(name, _)| *name == first));

    let second = applied(&two);
    let second = store(&two).read(second["components"]["net"]["snapshot_id"].as_str().unwrap()).unwrap();
    assert_eq!(second.configuration.as_deref(), Some(first.as_str()));
    assert_eq!(store(&two).lacks(&first).unwrap(), [""; 0]);
    let out = two.folder.path().join("out");
    store(&two).materialise(&store(&two).configuration(&first).unwrap(), &out).unwrap();
    assert_eq!(std::fs::read_to_string(out.join("main.tf")).unwrap(), NET);
    let variables = store(&two).object(&store(&two).configuration(&first).unwrap().variables).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&variables).unwrap(), json!({ "size": 1 }));

    // The state before the second apply is only on its host. The record names both configurations.
    let shared = objects(&bench);
    assert_eq!(shared.len(), 6, "{shared:?}");
    let has = |shared: &[(String, usize)], id: &str| shared.iter().any(|(name, _)| name == id);
    assert!(has(&shared, &first) && has(&shared, &second.next), "{shared:?}");
    assert!(!shared.iter().any(|(name, _)| second.state.as_ref() == Some(name)), "{shared:?}");

    // Objects that the record no longer names are gone.
    applied(&host(&bench, &backend, 3));
    let shared = objects(&bench);
    assert_eq!(shared.len(), 6, "{shared:?}");
    assert!(!has(&shared, &first) && has(&shared, &second.next), "{shared:?}");
}

#[test]
fn a_configuration_too_large_for_consul_is_missing_on_another_host_and_nothing_fails() {
    let Some(bench) = Bench::new("sharing-large") else { return };
    let backend = HttpBackend::new();
    let (one, two) = (host(&bench, &backend, 1), host(&bench, &backend, 2));
    let large = "x".repeat(500 * 1024 + 1);
    std::fs::write(one.folder.path().join("modules/net/large"), &large).unwrap();
    applied(&one);
    assert_eq!(objects(&bench).len(), 3);
    let second = applied(&two);
    let id = second["components"]["net"]["snapshot_id"].as_str().unwrap();
    let first = store(&two).read(id).unwrap().configuration.unwrap();
    let lacking = store(&two).lacks(&first).unwrap();
    let configuration = store(&two).configuration(&first).unwrap();
    assert_eq!(lacking, [configuration.files["large"].sha256.clone()]);
    let refused = store(&two).materialise(&configuration, &two.folder.path().join("out")).unwrap_err();
    assert_eq!(refused.code, Code::SnapshotIncomplete);
}

#[test]
fn known_good_is_replicated_together_with_later_configurations() {
    let Some(bench) = Bench::new("sharing-good") else { return };
    let backend = HttpBackend::new();
    let (mut one, mut two) = (host(&bench, &backend, 1), host(&bench, &backend, 3));
    let good = applied(&one)["components"]["net"]["snapshot_id"].as_str().unwrap().to_owned();
    let good = store(&one).read(&good).unwrap().next;
    // Nothing listens there: the component is applied, but not healthy.
    let sick = json!([{ "tcp": { "host": "127.0.0.1", "port": 1, "min_healthy_time": "0s", "healthy_deadline": "1s" } }]);
    for site in [&mut one, &mut two] {
        site.infrastructure["components"]["net"]["health"] = sick.clone();
    }
    one.infrastructure["components"]["net"]["variables"]["size"] = json!(2);
    let report = one.run("orchestrate", json!({}));
    let id = report["components"]["net"]["snapshot_id"].as_str().unwrap_or_else(|| panic!("{report:#}"));
    let sick = store(&one).read(id).unwrap().next;
    assert_ne!(good, sick);
    assert_eq!(objects(&bench).len(), 6, "two configurations, each with variables of its own");

    let report = two.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["net"], "failed", "{report:#}");
    for configuration in [&good, &sick] {
        assert_eq!(store(&two).lacks(configuration).unwrap(), [""; 0]);
    }
    let shared = objects(&bench);
    let id = report["components"]["net"]["snapshot_id"].as_str().unwrap();
    let last = store(&two).read(id).unwrap().next;
    let holds = |digest: &String| shared.iter().any(|(name, _)| name == digest);
    assert_eq!((holds(&good), holds(&sick), holds(&last)), (true, false, true), "{shared:?}");
}
