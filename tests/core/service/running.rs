//! A service that really runs: from a pillar through Terraform to Nomad, and gone again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::Server;
use crate::support::{Site, statuses};
use crate::world::World;

/// A small HTTP server on each port that Nomad chooses.
fn serving(site: &mut Site, nomad: &Server, world: &World) {
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["nomad"] = json!({ "address": format!("http://127.0.0.1:{}", nomad.port) });
    site.infrastructure["services"]["web"] = json!({
        "command": "python3", "args": ["-m", "http.server", "${NOMAD_PORT_http}", "--bind", "127.0.0.1"],
        "ports": { "http": {} }, "provider": "nomad", "replicas": 1,
        "check": { "type": "http", "path": "/", "interval": "1s", "timeout": "1s" },
        "cpu": 20, "memory": 32, "env": { "GREETING": "hello ${USER} \"x\"" },
        "update": { "min_healthy_time": "100ms" }, "shutdown_delay": "0s",
    });
}

fn running(nomad: &Server) -> Vec<Value> {
    let all = nomad.get("/v1/job/web/allocations").unwrap_or_default();
    let all = all.as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|one| one["ClientStatus"] == "running" && one["DesiredStatus"] == "run").collect()
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The first line of what it answers.
fn answer(nomad: &Server) -> Option<String> {
    let services = nomad.get("/v1/service/web")?;
    let port = u16::try_from(services[0]["Port"].as_u64()?).ok()?;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    text.lines().next().map(str::to_owned)
}

#[test]
fn a_service_runs_changes_and_is_purged() {
    let (Some(nomad), Some(world)) = (Server::nomad(), World::new()) else { return };
    let mut site = Site::new();
    serving(&mut site, &nomad, &world);

    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    assert_eq!(statuses(&report), [("nomad-web".into(), "applied".into())].into());
    assert_eq!(report["components"]["nomad-web"]["outputs"]["job_id"], "web");
    let said = until("it answers", || answer(&nomad));
    assert!(said.ends_with("200 OK"), "{said}");
    let job = nomad.get("/v1/job/web").unwrap();
    assert_eq!(job["TaskGroups"][0]["Tasks"][0]["Env"]["GREETING"], "hello ${USER} \"x\"");

    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), [("nomad-web".into(), "unchanged".into())].into(), "{report:#}");

    site.infrastructure["environments"]["staging"] = json!({ "services": { "web": { "replicas": 2 } } });
    let report = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&report), [("nomad-web".into(), "planned".into())].into(), "{report:#}");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), [("nomad-web".into(), "applied".into())].into(), "{report:#}");
    until("two run", || (running(&nomad).len() == 2).then_some(()));

    let destroyed = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&destroyed), [("nomad-web".into(), "destroyed".into())].into(), "{destroyed:#}");
    until("it is purged", || nomad.get("/v1/job/web").is_none().then_some(()));
}

#[test]
fn a_service_gone_from_the_pillar_is_told_and_destroyed_by_its_name() {
    let (Some(nomad), Some(world)) = (Server::nomad(), World::new()) else { return };
    let mut site = Site::new();
    serving(&mut site, &nomad, &world);
    site.component("host", "output \"name\" { value = \"db\" }", json!({}));
    site.infrastructure["services"]["web"]["from_outputs"] = json!({ "DB_HOST": "host.name" });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    let job = nomad.get("/v1/job/web").unwrap();
    assert_eq!(job["TaskGroups"][0]["Tasks"][0]["Env"]["DB_HOST"], "db");

    site.infrastructure["services"] = json!({});
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["nomad-web"], "orphaned", "{report:#}");
    let destroyed = site.run("destroy", json!({ "components": ["nomad-web"], "confirm": "staging" }));
    assert_eq!(statuses(&destroyed)["nomad-web"], "destroyed", "{destroyed:#}");
    until("it is purged", || nomad.get("/v1/job/web").is_none().then_some(()));
}

#[test]
fn a_service_goes_back_to_the_configuration_that_was_known_to_be_good() {
    let (Some(nomad), Some(world)) = (Server::nomad(), World::new()) else { return };
    let mut site = Site::new();
    serving(&mut site, &nomad, &world);
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    // The job is taken, and the gate of its own says that it does no work.
    let web = &mut site.infrastructure["services"]["web"];
    web["env"]["GREETING"] = json!("changed");
    web["on_failure"] = json!("rollback");
    web["update"]["max_parallel"] = json!(1);
    web["health"] = json!([{ "tcp": { "host": "127.0.0.1", "port": 1, "healthy_deadline": "1s", "min_healthy_time": "0s" } }]);
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], false, "{report:#}");
    let job = nomad.get("/v1/job/web").unwrap();
    assert_eq!(job["TaskGroups"][0]["Tasks"][0]["Env"]["GREETING"], "hello ${USER} \"x\"", "{report:#}");
}

#[test]
fn what_nomad_does_by_itself_is_no_drift_and_what_a_hand_does_is() {
    let (Some(nomad), Some(world)) = (Server::nomad(), World::new()) else { return };
    let mut site = Site::new();
    serving(&mut site, &nomad, &world);
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let status = |report: &Value| report["components"]["nomad-web"]["status"].clone();
    until("it runs", || (running(&nomad).len() == 1).then_some(()));
    let report = site.run("drift", json!({}));
    assert_eq!(status(&report), "unchanged", "{report:#}");
    // Somebody scales it.
    let scale = json!({ "Count": 2, "Target": { "Group": "web" } }).to_string();
    until("it is scaled", || (nomad.call("POST", "/v1/job/web/scale", &scale).0 == 200).then_some(()));
    let report = site.run("drift", json!({}));
    assert_eq!(status(&report), "drifted_benign", "{report:#}");
    assert_eq!(nomad.call("DELETE", "/v1/job/web?purge=true", "").0, 200);
    let report = site.run("drift", json!({}));
    assert_eq!(status(&report), "drifted", "{report:#}");
}

#[test]
fn ensure_infrastructure_takes_a_service_by_its_component_and_a_second_time_runs_nothing() {
    let (Some(nomad), Some(world)) = (Server::nomad(), World::new()) else { return };
    let mut site = Site::new();
    serving(&mut site, &nomad, &world);
    let ensure = |site: &Site| {
        site.run(
            "module.ensure_infrastructure",
            json!({ "component": "nomad-web", "desired_state": { "cpu": 30 } }),
        )
    };
    let first = ensure(&site);
    assert_eq!(first["result"], true, "{first:#}");
    assert_eq!(nomad.get("/v1/job/web").unwrap()["TaskGroups"][0]["Tasks"][0]["Resources"]["CPU"], 30);
    let second = ensure(&site);
    assert_eq!(second["reason"], "same_fingerprint", "{second:#}");
    site.infrastructure["services"]["web"]["memory"] = json!(40);
    let third = ensure(&site);
    assert_ne!(third["reason"], "same_fingerprint", "{third:#}");
    assert_eq!(nomad.get("/v1/job/web").unwrap()["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"], 40);
}

#[test]
fn the_provider_is_told_of_nomad_and_other_components_are_not() {
    let (Some(nomad), Some(world)) = (Server::nomad(), World::new()) else { return };
    let mut site = Site::new();
    serving(&mut site, &nomad, &world);
    site.component("other", "output \"x\" { value = 1 }", json!({}));
    // A terraform that writes down what it is told.
    let seen = site.folder.path().join("seen");
    let wrapper = site.folder.path().join("terraform");
    let text = format!(
        "#!/bin/sh\nenv | grep ^NOMAD_ | sed \"s|^|$PWD |\" >> {}\nexec terraform \"$@\"\n",
        seen.display()
    );
    std::fs::write(&wrapper, text).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let token = site.folder.path().join("token");
    std::fs::write(&token, "5ba1eb6d-c8ee-4d22-8a3f-4c0a7f0a9f5e\n").unwrap();
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"]["binary"] = json!(wrapper);
    settings["terraform"]["env"] = json!({ "NOMAD_REGION": "global" });
    settings["nomad"]["token"] = json!(format!("file:{}", token.display()));
    settings["nomad"]["region"] = json!("elsewhere");
    site.infrastructure["services"]["web"]["region"] = json!("global");
    let report = site.run("plan", json!({}));
    assert_eq!(statuses(&report)["other"], "planned", "{report:#}");
    let seen = std::fs::read_to_string(seen).unwrap();
    let of = |name: &str| {
        seen.lines().filter(|line| line.contains(&format!("/{name}/module "))).collect::<Vec<_>>()
    };
    for expected in [
        format!("NOMAD_ADDR=http://127.0.0.1:{}", nomad.port),
        "NOMAD_TOKEN=5ba1eb6d-c8ee-4d22-8a3f-4c0a7f0a9f5e".to_owned(),
        "NOMAD_REGION=global".to_owned(),
    ] {
        assert!(of("nomad-web").iter().any(|line| line.ends_with(&expected)), "{expected}: {seen}");
    }
    // What the user says is for all, and what Eos says for those that use the provider.
    assert!(of("other").iter().all(|line| line.ends_with("NOMAD_REGION=global")), "{seen}");
}
