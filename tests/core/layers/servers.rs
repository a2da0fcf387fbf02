//! Nomad and Consul.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use eos::view::text;
use serde_json::{Value, json};

use super::{codes, layers};
use crate::support::Site;
use crate::support::pair::pair;
use crate::support::ports::free_ports;
use crate::support::salt::Salt;
use crate::support::server::{MANAGER, Server};

/// A service in this datacenter, and a component with a Consul gate.
fn uses_both(site: &mut Site, nomad: &str, consul: &str, datacenter: &str) {
    let settings = &mut site.infrastructure["settings"];
    settings["nomad"] = json!({ "address": nomad });
    settings["consul"] = json!({ "address": consul });
    site.infrastructure["components"]["net"]["health"] = json!([{ "consul": { "service": "web" } }]);
    site.infrastructure["services"]["web"] = json!({
        "driver": "mock_driver", "config": { "run_for": "1h" }, "datacenters": [datacenter], "cpu": 20, "memory": 20,
    });
}

#[test]
fn layers_that_are_used_tell_their_leaders_nodes_and_agents_under_the_id_of_the_report() {
    let Some(pair) = pair() else { return };
    let mut site = Site::with_net();
    let consul = format!("http://127.0.0.1:{}", pair.consul.port);
    uses_both(&mut site, &pair.address(), &consul, "dc1");
    let report = site.run("status", json!({ "layers": true }));
    assert_eq!((&report["result"], &report["retcode"]), (&json!(true), &json!(0)), "{report:#}");
    assert!(report["run_id"].as_str().is_some_and(|id| id.len() == 26), "{report:#}");
    let layers = &report["layers"];
    for (name, status) in [
        ("salt", "healthy"),
        ("terraform", "healthy"),
        ("nomad", "healthy"),
        ("consul", "healthy"),
        ("vault", "not_used"),
    ] {
        assert_eq!(layers[name]["status"], status, "{:#}", layers[name]);
        assert_eq!(codes(&layers[name]), Vec::<&str>::new(), "{:#}", layers[name]);
    }
    let nomad = &layers["nomad"]["facts"]["clusters"][0];
    assert_eq!(nomad["leader"], pair.nomad.get("/v1/status/leader").unwrap(), "{nomad:#}");
    assert_eq!(
        nomad["datacenters"]["dc1"],
        json!({ "ready": 1, "down": 0, "ineligible": 0, "initializing": 0, "services": ["web"] })
    );
    let consul = &layers["consul"]["facts"]["clusters"][0];
    assert_eq!(consul["leader"], pair.consul.get("/v1/status/leader").unwrap(), "{consul:#}");
    assert_eq!(consul["agents"]["alive"], 1, "{consul:#}");
    let program = &layers["terraform"]["facts"]["program"];
    assert!(!program["version"].as_str().unwrap().is_empty(), "{program:#}");
    let drawn = text(&report, false);
    assert!(drawn.contains("\n  nomad      healthy    leader 127.0.0.1:"), "{drawn}");
    assert!(drawn.contains("\n  vault      not used\n"), "{drawn}");
    assert!(drawn.lines().skip(1).all(|line| line.chars().count() <= 80), "{drawn}");

    // The region of the settings is asked once, also if a service names it.
    let services = &mut site.infrastructure["services"];
    services["app"] = services["web"].clone();
    services["app"]["region"] = json!("global");
    site.infrastructure["settings"]["nomad"]["region"] = json!("global");
    let clusters = &super::layers(&site)["nomad"]["facts"]["clusters"];
    assert_eq!(clusters.as_array().unwrap().len(), 1, "{clusters:#}");
    assert_eq!(clusters[0]["datacenters"]["dc1"]["services"], json!(["app", "web"]), "{clusters:#}");
    site.infrastructure["services"].as_object_mut().unwrap().remove("app");

    // Nomad has no such datacenter, so the service could not be placed.
    uses_both(&mut site, &pair.address(), &format!("http://127.0.0.1:{}", pair.consul.port), "mars");
    let report = site.run("status", json!({ "layers": true }));
    assert_eq!((&report["result"], &report["retcode"]), (&json!(false), &json!(1)), "{report:#}");
    assert_eq!(codes(&report["layers"]["nomad"]), ["no_ready_node"], "{report:#}");
    assert!(
        text(&report, false).lines().next().unwrap().contains("nomad unhealthy"),
        "{}",
        text(&report, false)
    );
}

#[test]
fn what_the_environment_does_not_use_is_not_asked() {
    let layers = layers(&Site::with_net());
    for name in ["nomad", "consul", "vault"] {
        assert_eq!(layers[name]["status"], "not_used", "{layers:#}");
        assert_eq!(layers[name]["facts"], json!({}), "{layers:#}");
    }
    assert_eq!(layers["terraform"]["status"], "healthy", "{layers:#}");
}

#[test]
fn servers_that_are_away_are_told_with_their_addresses_and_the_pillar_places() {
    let [nomad, consul, vault] = free_ports().map(|port| format!("http://127.0.0.1:{port}"));
    let mut site = Site::with_net();
    uses_both(&mut site, &nomad, &consul, "dc1");
    site.infrastructure["settings"]["vault"] =
        json!({ "address": vault, "auth": { "method": "token", "token": "env:PATH" } });
    let report = site.run("health", json!({ "layers": true }));
    assert_eq!(report["retcode"], 1, "{report:#}");
    for (name, code, address) in [
        ("nomad", "nomad_unreachable", &nomad),
        ("consul", "consul_unreachable", &consul),
        ("vault", "vault_unreachable", &vault),
    ] {
        let layer = &report["layers"][name];
        assert_eq!((&layer["status"], codes(layer)), (&json!("unhealthy"), vec![code]), "{layer:#}");
        let fault = &layer["faults"][0];
        assert!(fault["message"].as_str().unwrap().contains(address), "{layer:#}");
        let place = format!("infrastructure:settings:{name}");
        assert!(fault["remedy"].as_str().unwrap().contains(&place), "{layer:#}");
    }
}

#[test]
fn servers_that_never_answer_and_minions_that_are_silent_take_one_deadline_for_all() {
    // They accept connections, and say nothing.
    let silent = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [nomad, consul, vault] =
        [0, 1, 2].map(|at: usize| format!("http://127.0.0.1:{}", silent[at].local_addr().unwrap().port()));
    let mut site = Site::with_net();
    uses_both(&mut site, &nomad, &consul, "dc1");
    site.infrastructure["settings"]["vault"] =
        json!({ "address": vault, "auth": { "method": "token", "token": "env:PATH" } });
    site.infrastructure["components"]["step"] = json!({ "salt": { "target": "web*", "sls": ["web"] } });
    let host = Salt::new(&["web1", "web2"], |_, minion| {
        (minion == "web1").then_some(eos::host::MinionReturn { value: json!(true), retcode: 0 })
    });
    let began = Instant::now();
    let report = site.run_on(&host, "status", json!({ "layers": true }));
    let took = began.elapsed();
    // The deadline, and time for a slow machine. One after the other they would take 30 s and more.
    assert!(took < Duration::from_secs(25), "{took:?}");
    let layers = &report["layers"];
    for (name, code) in
        [("nomad", "nomad_unreachable"), ("consul", "consul_unreachable"), ("vault", "vault_unreachable")]
    {
        assert_eq!(codes(&layers[name]), [code], "{:#}", layers[name]);
        let message = layers[name]["faults"][0]["message"].as_str().unwrap();
        assert!(message.contains("no answer"), "{message}");
    }
    assert_eq!(layers["salt"]["facts"]["minions"], json!({ "web1": true, "web2": false }), "{layers:#}");
    assert_eq!(layers["salt"]["status"], "degraded", "{layers:#}");
}

/// The Consul layer of a site with a Consul gate and this token.
fn with_token(address: &str, token: &str) -> Value {
    let mut site = Site::with_net();
    let file = site.folder.path().join("token");
    std::fs::write(&file, token).unwrap();
    site.infrastructure["settings"]["consul"] =
        json!({ "address": address, "token": format!("file:{}", file.display()) });
    site.infrastructure["components"]["net"]["health"] = json!([{ "consul": { "service": "web" } }]);
    let report = site.run("status", json!({ "layers": true }));
    assert!(!report.to_string().contains(token), "{report:#}");
    report["layers"]["consul"].clone()
}

#[test]
fn a_consul_that_refuses_a_right_is_not_told_as_down() {
    let Some(consul) = Server::consul_with_acl() else { return };
    let address = format!("http://127.0.0.1:{}", consul.port);
    let (status, text) = consul.call("PUT", "/v1/acl/token", "{\"Description\":\"without rights\"}");
    assert_eq!(status, 200, "{text}");
    let made: Value = serde_json::from_str(&text).unwrap();

    let layer = with_token(&address, MANAGER);
    assert_eq!(layer["status"], "healthy", "{layer:#}");
    let token = &layer["facts"]["clusters"][0]["token"];
    assert_eq!(token["policies"], json!(["global-management"]), "{layer:#}");

    let layer = with_token(&address, made["SecretID"].as_str().unwrap());
    assert_eq!((&layer["status"], codes(&layer)), (&json!("unknown"), vec!["consul_denied"]), "{layer:#}");
    let cluster = &layer["facts"]["clusters"][0];
    assert!(cluster["leader"].as_str().is_some(), "{layer:#}");
    assert_eq!(cluster["token"]["accessor"], made["AccessorID"], "{layer:#}");
    assert!(layer["faults"][0]["remedy"].as_str().unwrap().contains("node_prefix"), "{layer:#}");

    let layer = with_token(&address, "00000000-dead-4000-8000-00000000000b");
    assert_eq!((&layer["status"], codes(&layer)), (&json!("unhealthy"), vec!["consul_denied"]), "{layer:#}");
    assert!(layer["facts"]["clusters"][0]["leader"].as_str().is_some(), "{layer:#}");
}

#[test]
fn a_token_that_cannot_be_read_is_told_and_the_server_is_asked_without_it() {
    let Some(pair) = pair() else { return };
    let mut site = Site::with_net();
    let consul = format!("http://127.0.0.1:{}", pair.consul.port);
    uses_both(&mut site, &pair.address(), &consul, "dc1");
    site.infrastructure["settings"]["nomad"]["token"] = json!("file:/nonexistent/nomad");
    let layer = layers(&site)["nomad"].clone();
    assert_eq!((&layer["status"], codes(&layer)), (&json!("unhealthy"), vec!["reference"]), "{layer:#}");
    assert!(layer["faults"][0]["message"].as_str().unwrap().contains("/nonexistent/nomad"), "{layer:#}");
    assert_eq!(layer["facts"]["clusters"][0]["datacenters"]["dc1"]["ready"], 1, "{layer:#}");
}
