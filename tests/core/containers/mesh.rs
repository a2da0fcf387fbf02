//! Two services in Consul's mesh, each with a real Envoy beside it.

use serde_json::{Value, json};

use super::stage::{Stage, get};
use crate::support::server::PAUSE;
use crate::support::waiting::until;

/// A check that passes.
fn well() -> Value {
    json!({ "type": "script", "command": "/container", "args": ["end", "well"], "interval": "1s", "timeout": "5s" })
}

#[test]
fn a_service_reaches_another_through_the_mesh_until_an_intention_denies_it() {
    let Some(mut stage) = Stage::with_mesh() else { return };
    // The upstream names the service. In Consul, the service has another name.
    stage.site.infrastructure["settings"]["consul_name"] = json!("{service}-{environment}");
    let db = stage.service("db", &["serve", "stored"]);
    db["provider"] = json!("consul");
    db["connect"] = json!(true);
    db["check"] = well();
    let front = stage.service("front", &["serve", "front"]);
    front["provider"] = json!("consul");
    front["ports"] = json!({ "http": 8080, "open": { "to": 8080 } });
    front.as_object_mut().unwrap().remove("port");
    front["connect"] = json!({ "upstreams": [{ "name": "db", "port": 5432 }] });
    front["registrations"] = json!([{ "name": "front-open", "port": "open" }]);
    stage.orchestrated();
    let found = stage.harbour.consul.get("/v1/catalog/service/front-open").unwrap();
    let address = format!("{}:{}", found[0]["ServiceAddress"].as_str().unwrap(), found[0]["ServicePort"]);
    let ask = || get(&address, "/ask/127.0.0.1:5432");
    assert_eq!(until("the mesh answers", ask), "stored");

    let denied = json!({ "SourceName": "front-staging", "DestinationName": "db-staging", "Action": "deny" })
        .to_string();
    let path = "/v1/connect/intentions/exact?source=front-staging&destination=db-staging";
    assert_eq!(stage.harbour.consul.call("PUT", path, &denied).0, 200);
    until("the mesh denies", || ask().is_none().then_some(()));
    assert_eq!(stage.harbour.consul.call("DELETE", path, "").0, 200);
    until("the mesh answers again", ask);
    stage.run("destroy", json!({ "confirm": "staging" }));
}

#[test]
fn a_sidecar_that_does_not_listen_is_told_with_consuls_answer() {
    let Some(mut stage) = Stage::with_mesh() else { return };
    let pause = stage.harbour.engine.named(PAUSE);
    let service = stage.service("deaf", &["serve", "deaf"]);
    service["provider"] = json!("consul");
    service["connect"] = json!(true);
    service["health"] = json!([{ "consul": {
        "service": "deaf", "interval": "1s", "min_healthy_time": "0s", "healthy_deadline": "20s",
    } }]);
    let sleeping = json!({ "driver": "docker", "config": { "image": pause, "args": [] } });
    service["job"] =
        json!({ "group": { "deaf": { "service": { "connect": { "sidecar_task": sleeping } } } } });
    service.as_object_mut().unwrap().remove("check");
    let told = "infrastructure:services:deaf:connect: the service has no check";
    let validated = stage.run("validate", json!({}));
    assert!(validated["notes"]["nomad-deaf"][0].as_str().unwrap().starts_with(told), "{validated:#}");
    let planned = stage.run("orchestrate", json!({ "test": true }));
    assert!(planned["components"]["nomad-deaf"]["notes"].to_string().contains(told), "{planned:#}");

    // Without it, Consul sometimes says only that the service has no checks.
    stage.site.infrastructure["services"]["deaf"]["check"] = well();
    let report = stage.run("orchestrate", json!({}));
    let component = &report["components"]["nomad-deaf"];
    assert!(!component["notes"].to_string().contains(told), "{report:#}");
    assert_eq!(component["reason"], "unhealthy", "{report:#}");
    let message = component["error"]["message"].as_str().unwrap();
    assert!(message.contains("Connect Sidecar") && message.contains("connection refused"), "{message}");
    stage.run("destroy", json!({ "confirm": "staging" }));
}

#[test]
fn the_words_of_a_healthy_envoy_are_not_told_if_the_service_beside_it_fails() {
    let Some(mut stage) = Stage::with_mesh() else { return };
    let service = stage.service("ill", &["sick", "still warming up"]);
    service["provider"] = json!("consul");
    service["connect"] = json!(true);
    service["update"]["healthy_deadline"] = json!("15s");
    let report = stage.run("orchestrate", json!({}));
    let component = &report["components"]["nomad-ill"];
    assert_eq!(component["reason"], "deployment_failed", "{report:#}");
    let message = component["error"]["message"].as_str().unwrap();
    assert!(message.contains("503") && !message.contains("connect-proxy-ill |"), "{message}");
    stage.run("destroy", json!({ "confirm": "staging" }));
}
