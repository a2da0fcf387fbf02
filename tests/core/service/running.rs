//! A service that really runs: from the pillar through Terraform to Nomad, until it is destroyed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::pair::{Pair, pair};
use crate::support::script::executable;
use crate::support::waiting::until;
use crate::support::world::World;
use crate::support::{Site, statuses};

/// A site with one service of this name: a small HTTP server on a port that Nomad chooses.
struct Scene {
    pair: Arc<Pair>,
    site: Site,
    name: &'static str,
    _world: World,
}

impl Scene {
    fn new(name: &'static str) -> Option<Self> {
        let (pair, world) = (pair()?, World::new()?);
        let mut site = Site::new();
        let settings = &mut site.infrastructure["settings"];
        settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
        settings["nomad"] = json!({ "address": pair.address() });
        site.infrastructure["services"][name] = json!({
            "command": "python3", "args": ["-m", "http.server", "${NOMAD_PORT_http}", "--bind", "127.0.0.1"],
            "ports": { "http": {} }, "provider": "nomad", "replicas": 1,
            "check": { "type": "http", "path": "/", "interval": "1s", "timeout": "1s" },
            "cpu": 20, "memory": 32, "env": { "GREETING": "hello ${USER} \"x\"" },
            "update": { "min_healthy_time": "100ms" }, "shutdown_delay": "0s",
        });
        Some(Self { pair, site, name, _world: world })
    }

    fn service(&mut self) -> &mut Value {
        &mut self.site.infrastructure["services"][self.name]
    }

    fn component(&self) -> String {
        format!("nomad-{}", self.name)
    }

    fn run(&self, operation: &str, arguments: Value) -> Value {
        self.site.run(operation, arguments)
    }

    /// Runs `orchestrate`, which must succeed, and returns the service's status.
    fn orchestrated(&self) -> Value {
        let report = self.run("orchestrate", json!({}));
        assert_eq!(report["result"], true, "{report:#}");
        self.of(&report)["status"].clone()
    }

    fn drift(&self) -> Value {
        self.of(&self.run("drift", json!({})))["status"].clone()
    }

    fn of<'a>(&self, report: &'a Value) -> &'a Value {
        &report["components"][self.component()]
    }

    fn job(&self) -> Option<Value> {
        self.pair.nomad.get(&format!("/v1/job/{}", self.name))
    }

    fn task(&self) -> Value {
        self.job().unwrap()["TaskGroups"][0]["Tasks"][0].take()
    }

    /// The number of running allocations.
    fn running(&self) -> usize {
        let all = self.pair.nomad.get(&format!("/v1/job/{}/allocations", self.name)).unwrap_or_default();
        let runs = |one: &&Value| one["ClientStatus"] == "running" && one["DesiredStatus"] == "run";
        all.as_array().into_iter().flatten().filter(runs).count()
    }

    /// The first line of the service's answer.
    fn answer(&self) -> Option<String> {
        let services = self.pair.nomad.get(&format!("/v1/service/{}", self.name))?;
        let port = u16::try_from(services[0]["Port"].as_u64()?).ok()?;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        text.lines().next().map(str::to_owned)
    }
}

#[test]
fn a_service_runs_changes_and_is_purged() {
    let Some(mut scene) = Scene::new("changing") else { return };
    let report = scene.run("orchestrate", json!({}));
    assert_eq!(report["result"], true, "{report:#}");
    assert_eq!(statuses(&report), [("nomad-changing".into(), "applied".into())].into());
    assert_eq!(scene.of(&report)["outputs"]["job_id"], "changing");
    let said = until("it answers", || scene.answer());
    assert!(said.ends_with("200 OK"), "{said}");
    assert_eq!(scene.task()["Env"]["GREETING"], "hello ${USER} \"x\"");

    assert_eq!(scene.orchestrated(), "unchanged");

    scene.site.infrastructure["environments"]["staging"] =
        json!({ "services": { "changing": { "replicas": 2 } } });
    let report = scene.run("orchestrate", json!({ "test": true }));
    assert_eq!(scene.of(&report)["status"], "planned", "{report:#}");
    assert_eq!(scene.orchestrated(), "applied");
    until("two run", || (scene.running() == 2).then_some(()));

    let destroyed = scene.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&destroyed), [("nomad-changing".into(), "destroyed".into())].into(), "{destroyed:#}");
    until("it is purged", || scene.job().is_none().then_some(()));
}

#[test]
fn a_service_removed_from_the_pillar_is_reported_and_destroyed_by_name() {
    let Some(mut scene) = Scene::new("leaving") else { return };
    let host = "output \"name\" { value = \"db\" }\noutput \"replica\" { value = null }";
    scene.site.component("host", host, json!({}));
    scene.service()["from_outputs"] = json!({ "DB_HOST": "host.name", "DB_REPLICA": "host.replica" });
    scene.orchestrated();
    let env = scene.task()["Env"].clone();
    assert_eq!((&env["DB_HOST"], env.get("DB_REPLICA")), (&json!("db"), None), "a null is not set");

    scene.site.infrastructure["services"] = json!({});
    let report = scene.run("orchestrate", json!({}));
    assert_eq!(scene.of(&report)["status"], "orphaned", "{report:#}");
    let destroyed = scene.run("destroy", json!({ "components": ["nomad-leaving"], "confirm": "staging" }));
    assert_eq!(scene.of(&destroyed)["status"], "destroyed", "{destroyed:#}");
    until("it is purged", || scene.job().is_none().then_some(()));
}

#[test]
fn a_blocked_deployment_is_applied_by_its_plan_with_what_the_call_gave_for_the_service() {
    let Some(scene) = Scene::new("moving") else { return };
    scene.orchestrated();
    let namespace = json!({ "Name": "moving" }).to_string();
    assert_eq!(scene.pair.nomad.call("POST", "/v1/namespace/moving", &namespace).0, 200);
    let config = json!({ "namespace": "moving", "env": { "GREETING": "moved" } });
    let deploy = json!({ "service_name": "moving", "service_config": config });
    let blocked = scene.run("module.deploy_nomad_service", deploy.clone());
    assert_eq!(blocked["status"], "blocked", "{blocked:#}");
    let plan_id = blocked["plan_id"].as_str().unwrap();
    let approved = scene.run("approve", json!({ "plan_id": plan_id }));
    assert_eq!(approved["result"], true, "{approved:#}");
    let applied = scene.run("apply", json!({ "plan_id": plan_id }));
    assert_eq!(scene.of(&applied)["status"], "applied", "{applied:#}");
    let job = scene.pair.nomad.get("/v1/job/moving?namespace=moving").unwrap();
    assert_eq!(job["TaskGroups"][0]["Tasks"][0]["Env"]["GREETING"], "moved");
    assert_eq!(scene.run("module.deploy_nomad_service", deploy)["status"], "unchanged");
}

#[test]
fn a_service_is_rolled_back_to_its_known_good_configuration() {
    let Some(mut scene) = Scene::new("returning") else { return };
    scene.orchestrated();
    // Nomad accepts the job, but the service's own gate fails.
    let service = scene.service();
    service["env"]["GREETING"] = json!("changed");
    service["on_failure"] = json!("rollback");
    service["update"]["max_parallel"] = json!(1);
    service["health"] = json!([{ "tcp": { "host": "127.0.0.1", "port": 1, "healthy_deadline": "1s", "min_healthy_time": "0s" } }]);
    let report = scene.run("orchestrate", json!({}));
    assert_eq!(report["result"], false, "{report:#}");
    assert_eq!(scene.task()["Env"]["GREETING"], "hello ${USER} \"x\"", "{report:#}");
}

#[test]
fn changes_by_nomad_itself_are_not_drift_and_manual_changes_are() {
    let Some(mut scene) = Scene::new("drifting") else { return };
    scene.orchestrated();
    let drift = || scene.drift();
    until("it runs", || (scene.running() == 1).then_some(()));
    assert_eq!(drift(), "unchanged");
    // Another client scales the job.
    let nomad = &scene.pair.nomad;
    let scale = json!({ "Count": 2, "Target": { "Group": "drifting" } }).to_string();
    until("it is scaled", || (nomad.call("POST", "/v1/job/drifting/scale", &scale).0 == 200).then_some(()));
    assert_eq!(drift(), "drifted");
    // No plan undoes the scaling. Each run and each drift check reports it.
    for _ in 0..2 {
        let report = scene.run("orchestrate", json!({}));
        assert_eq!(scene.of(&report)["status"], "unchanged", "{report:#}");
        let notes = scene.of(&report)["notes"].to_string();
        assert!(
            notes.contains("job drifting was changed outside of Terraform: task_groups[0].count 1 -> 2"),
            "{notes}"
        );
        assert_eq!(drift(), "drifted");
    }
    // The remedy in the note undoes the scaling.
    scene.service()["meta"] = json!({ "again": "1" });
    assert_eq!(scene.orchestrated(), "applied");
    assert_eq!(scene.job().unwrap()["TaskGroups"][0]["Count"], 1);
    assert_eq!(scene.drift(), "unchanged");
    assert_eq!(scene.pair.nomad.call("DELETE", "/v1/job/drifting?purge=true", "").0, 200);
    assert_eq!(scene.drift(), "drifted");
}

#[test]
fn a_stopped_service_is_reported_by_a_test_and_started_again() {
    let Some(scene) = Scene::new("halted") else { return };
    scene.orchestrated();
    let stop = || {
        assert_eq!(scene.pair.nomad.call("DELETE", "/v1/job/halted", "").0, 200);
        until("it is dead", || (scene.job()?["Status"] == "dead").then_some(()));
    };
    stop();
    let test = scene.run("orchestrate", json!({ "test": true }));
    assert_eq!(scene.of(&test)["status"], "planned", "{test:#}");
    let drift = scene.run("drift", json!({}));
    assert_eq!(scene.of(&drift)["status"], "drifted", "{drift:#}");
    assert!(drift.to_string().contains("\"path\":\"stop\""), "{drift:#}");
    let found = json!({ "component": "nomad-halted", "drift_id": scene.of(&drift)["drift"]["drift_id"] });
    let right = scene.run("remediate", found);
    assert_eq!(scene.of(&right)["status"], "applied", "{right:#}");
    until("it runs", || (scene.running() == 1).then_some(()));
    stop();
    assert_eq!(scene.orchestrated(), "applied");
    until("it runs again", || (scene.running() == 1).then_some(()));
    assert_eq!(scene.orchestrated(), "unchanged");
}

#[test]
fn ensure_infrastructure_accepts_the_component_of_a_service_and_runs_nothing_the_second_time() {
    let Some(mut scene) = Scene::new("ensured") else { return };
    let ensure = |scene: &Scene| {
        let desired = json!({ "component": "nomad-ensured", "desired_state": { "cpu": 30 } });
        scene.run("module.ensure_infrastructure", desired)
    };
    let first = ensure(&scene);
    assert_eq!(first["result"], true, "{first:#}");
    assert_eq!(scene.task()["Resources"]["CPU"], 30);
    let second = ensure(&scene);
    assert_eq!(second["reason"], "same_fingerprint", "{second:#}");
    scene.service()["memory"] = json!(40);
    let third = ensure(&scene);
    assert_ne!(third["reason"], "same_fingerprint", "{third:#}");
    assert_eq!(scene.task()["Resources"]["MemoryMB"], 40);
}

#[test]
fn only_components_with_the_nomad_provider_get_nomads_environment() {
    let Some(Scene { pair, mut site, _world, .. }) = Scene::new("told") else { return };
    site.component("other", "output \"x\" { value = 1 }", json!({}));
    // A wrapper that logs terraform's environment.
    let seen = site.folder.path().join("seen");
    let wrapper = site.folder.path().join("terraform");
    let text = format!(
        "#!/bin/sh\nenv | grep ^NOMAD_ | sed \"s|^|$PWD |\" >> {}\nexec terraform \"$@\"\n",
        seen.display()
    );
    executable(&wrapper, &text);
    let token = site.folder.path().join("token");
    std::fs::write(&token, "5ba1eb6d-c8ee-4d22-8a3f-4c0a7f0a9f5e\n").unwrap();
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"]["binary"] = json!(wrapper);
    settings["terraform"]["env"] = json!({ "NOMAD_REGION": "global" });
    settings["nomad"]["token"] = json!(format!("file:{}", token.display()));
    settings["nomad"]["region"] = json!("elsewhere");
    site.infrastructure["services"]["told"]["region"] = json!("global");
    let report = site.run("plan", json!({}));
    assert_eq!(statuses(&report)["other"], "planned", "{report:#}");
    let seen = std::fs::read_to_string(seen).unwrap();
    let of = |name: &str| {
        seen.lines().filter(|line| line.contains(&format!("/{name}/module "))).collect::<Vec<_>>()
    };
    for expected in [
        format!("NOMAD_ADDR={}", pair.address()),
        "NOMAD_TOKEN=5ba1eb6d-c8ee-4d22-8a3f-4c0a7f0a9f5e".to_owned(),
        "NOMAD_REGION=global".to_owned(),
    ] {
        assert!(of("nomad-told").iter().any(|line| line.ends_with(&expected)), "{expected}: {seen}");
    }
    // The user's settings apply to all components. Eos's settings apply to those that use the provider.
    assert!(of("other").iter().all(|line| line.ends_with("NOMAD_REGION=global")), "{seen}");
}
