//! Volumes, templates and secrets of containers.

use serde_json::{Value, json};

use super::stage::{Stage, send};
use crate::support::waiting::until;

/// A container with its data in this folder writes a file, and is replaced. Returns what its successor reads.
fn kept(name: &str, change: impl FnOnce(&mut Value)) -> Option<Option<String>> {
    let mut stage = Stage::new()?;
    change(stage.service(name, &["serve", "one"]));
    stage.orchestrated();
    let before = stage.addresses(name)[0].clone();
    assert!(send(&before, "PUT", "/file/data/x", "kept").is_some());
    assert_eq!(stage.answer(name, "/file/data/x"), "kept");
    stage.site.infrastructure["services"][name]["env"] = json!({ "AGAIN": "1" });
    stage.orchestrated();
    until("the old one is gone", || (stage.addresses(name).len() == 1).then_some(()));
    let found = send(&stage.addresses(name)[0], "GET", "/file/data/x", "");
    stage.run("destroy", json!({ "confirm": "staging" }));
    Some(found)
}

#[test]
fn data_of_the_allocation_are_lost_with_it() {
    let change = |service: &mut Value| {
        service["storage"] = json!("ephemeral");
        service["data_path"] = json!({ "path": "/data" });
    };
    let Some(found) = kept("passing", change) else { return };
    assert_eq!(found, None);
}

#[test]
fn data_in_a_folder_of_the_host_outlive_the_container() {
    let folder = tempfile::tempdir().unwrap();
    let change = |service: &mut Value| {
        service["data_path"] = json!({ "source": folder.path(), "path": "/data" });
    };
    let Some(found) = kept("lasting", change) else { return };
    assert_eq!(found.as_deref(), Some("kept"));
    assert_eq!(std::fs::read_to_string(folder.path().join("x")).unwrap(), "kept");
}

#[test]
fn data_on_a_volume_of_the_host_outlive_the_container() {
    let change = |service: &mut Value| {
        service["volumes"] = json!({ "store": { "type": "host", "source": "shelf", "path": "/data" } });
    };
    let Some(found) = kept("stored", change) else { return };
    assert_eq!(found.as_deref(), Some("kept"));
}

#[test]
fn a_secret_and_a_template_reach_the_container_and_the_job_does_not_show_the_secret() {
    let Some(mut stage) = Stage::new() else { return };
    let secret = stage.site.folder.path().join("secret");
    std::fs::write(&secret, "5ea-horse-7\n").unwrap();
    let service = stage.service("told", &["serve", "one"]);
    service["secrets"] = json!({ "PASSWORD": format!("file:{}", secret.display()) });
    service["templates"] =
        json!([{ "data": "port {{ env \"NOMAD_PORT_http\" }}", "destination": "local/told.conf" }]);
    stage.orchestrated();
    assert_eq!(stage.answer("told", "/env/PASSWORD"), "5ea-horse-7");
    assert_eq!(stage.answer("told", "/file/local/told.conf"), "port 8080");
    let job = stage.harbour.nomad.get("/v1/job/told").unwrap();
    assert!(!job.to_string().contains("5ea-horse-7"), "{job:#}");
    stage.run("destroy", json!({ "confirm": "staging" }));
}
