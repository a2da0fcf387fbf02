//! The present code with the files of each release.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::portable::{CONSUL, Words};
use crate::support::server::Server;
use crate::support::{Site, statuses};

fn releases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    assert!(!found.is_empty(), "no release left anything");
    found
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

/// A site with the files of this release, and with its keys in `consul`. Without a Consul, the lock is a file.
fn site(release: &Path, consul: Option<&Server>) -> Site {
    let mut site = Site::new();
    let servers: Vec<_> = consul.iter().map(|consul| (consul.port, CONSUL)).collect();
    let words = Words::of(site.folder.path(), &servers);
    for name in ["root", "modules"] {
        words.lay_out(&release.join(name), &site.folder.path().join(name));
    }
    site.infrastructure = words.json_here(&json(release, "infrastructure.json"));
    match consul {
        Some(consul) => words.put_keys(consul, json(release, "consul.json").as_object().unwrap()),
        None => drop(site.infrastructure["settings"].as_object_mut().unwrap().remove("lock")),
    }
    site
}

#[test]
fn the_files_of_each_release_can_be_shown_continued_rolled_back_and_destroyed() {
    for release in releases() {
        let consul = Server::consul();
        let (site, expected) = (site(&release, consul.as_ref()), json(&release, "expected.json"));
        let status = site.run("status", json!({}));
        assert_eq!(json!(statuses(&status)), expected["statuses"], "{status:#}");
        for (operation, key) in [("history", "runs"), ("snapshots", "snapshots")] {
            let listed = site.run(operation, json!({}));
            let count = listed[key].as_array().unwrap_or_else(|| panic!("{listed:#}")).len();
            let wanted = &expected[if key == "runs" { "history" } else { key }];
            assert_eq!(json!(count), *wanted, "{operation}: {listed:#}");
        }
        let done = site.run("orchestrate", json!({}));
        assert_eq!(done["result"], true, "{done:#}");
        let back = site.run("rollback", json!({ "components": "net", "confirm": "staging" }));
        assert_eq!(statuses(&back)["net"], "applied", "{back:#}");
        let gone = site.run("destroy", json!({ "confirm": "staging" }));
        assert_eq!(gone["result"], true, "{gone:#}");
    }
}
