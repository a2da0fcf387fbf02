//! Ports and networks of containers.

use serde_json::json;

use super::stage::{Stage, get};
use crate::support::ports::free_port;

#[test]
fn a_static_port_a_dynamic_one_and_the_network_of_the_host_answer() {
    let Some(mut stage) = Stage::new() else { return };
    stage.service("dynamic", &["serve", "anywhere"]);
    let port = free_port();
    let fixed = stage.service("fixed", &["serve", "here"]);
    fixed.as_object_mut().unwrap().remove("port");
    fixed["ports"] = json!({ "http": { "static": port, "to": 8080 } });
    let host = stage.service("hosted", &["serve", "outside"]);
    host.as_object_mut().unwrap().remove("port");
    host["ports"] = json!({ "http": {} });
    host["env"] = json!({ "PORT": "${NOMAD_PORT_http}" });
    host["config"] = json!({ "network_mode": "host" });
    stage.orchestrated();
    assert!(!stage.addresses("dynamic")[0].ends_with(":8080"));
    assert_eq!(stage.answer("dynamic", "/"), "anywhere");
    assert!(stage.addresses("fixed")[0].ends_with(&format!(":{port}")));
    assert_eq!(stage.answer("fixed", "/"), "here");
    assert_eq!(stage.answer("hosted", "/"), "outside");
    stage.run("destroy", json!({ "confirm": "staging" }));
}

#[test]
fn a_group_with_a_network_of_its_own_is_reached_through_its_port() {
    let Some(mut stage) = Stage::apart() else { return };
    let service = stage.service("bridged", &["serve", "over the bridge"]);
    service["job"] = json!({ "group": { "bridged": { "network": { "mode": "bridge" } } } });
    stage.orchestrated();
    let address = &stage.addresses("bridged")[0];
    assert_eq!(get(address, "/").as_deref(), Some("over the bridge"), "{address}");
    stage.run("destroy", json!({ "confirm": "staging" }));
}
