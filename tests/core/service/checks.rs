//! Checks of the types grpc and script, and the restart that a failing check causes, with a real Consul.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::pair::{Pair, pair};
use crate::support::server::program;
use crate::support::waiting::until;
use crate::support::world::World;

/// A site with one service that runs the program of the tests' images without a container.
pub struct Scene {
    pub pair: Arc<Pair>,
    pub site: Site,
    name: &'static str,
    _world: World,
}

impl Scene {
    /// `words`: what the program does.
    pub fn new(name: &'static str, words: &[&str], more: Value) -> Option<Self> {
        let (pair, world, program) = (pair()?, World::new()?, program("container")?);
        let mut site = Site::new();
        let settings = &mut site.infrastructure["settings"];
        settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
        settings["nomad"] = json!({ "address": pair.address() });
        settings["consul"] = json!({ "address": format!("http://127.0.0.1:{}", pair.consul.port) });
        let mut service = json!({
            "command": program, "args": words, "env": { "PORT": "${NOMAD_PORT_http}" }, "ports": { "http": {} },
            "replicas": 1, "cpu": 20, "memory": 32, "shutdown_delay": "0s",
            "restart": { "attempts": 0, "mode": "fail" }, "reschedule": { "attempts": 0, "unlimited": false },
            "update": { "min_healthy_time": "100ms", "healthy_deadline": "20s", "progress_deadline": 0 },
            "health": [{ "consul": { "service": name, "interval": "200ms", "min_healthy_time": "0s" } }],
        });
        service.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        site.infrastructure["services"][name] = service;
        Some(Self { pair, site, name, _world: world })
    }

    /// Runs `orchestrate`, which must end with this status. Returns the message of its error.
    pub fn ends(&self, status: &str) -> String {
        let report = self.site.run("orchestrate", json!({}));
        let component = &report["components"][format!("nomad-{}", self.name)];
        assert_eq!(component["status"], status, "{report:#}");
        component["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The checks of the service in Consul, by their names.
    fn checks(&self) -> Value {
        let found = self.pair.consul.get(&format!("/v1/health/checks/{}", self.name)).unwrap();
        let one = |check: &Value| (check["Name"].as_str().unwrap().to_owned(), check["Status"].clone());
        Value::Object(found.as_array().unwrap().iter().map(one).collect())
    }

    /// The messages of all events of the task.
    fn events(&self) -> String {
        let all = self.pair.nomad.get(&format!("/v1/job/{}/allocations", self.name)).unwrap();
        all[0]["TaskStates"][self.name]["Events"].to_string()
    }

    pub fn destroy(&self) {
        let report = self.site.run("destroy", json!({ "confirm": "staging" }));
        assert_eq!(report["result"], true, "{report:#}");
    }
}

/// A check with a short interval.
fn check(more: Value) -> Value {
    let mut check = json!({ "interval": "1s", "timeout": "1s" });
    check.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "check": check })
}

fn script(text: &str) -> Value {
    json!({ "type": "script", "name": "inside", "command": "/bin/sh", "args": ["-c", text] })
}

#[test]
fn a_grpc_check_passes_when_the_health_service_serves() {
    let grpc = json!({ "type": "grpc", "name": "remote", "grpc_service": "shop" });
    let Some(scene) = Scene::new("asked-by-grpc", &["serve", "shop"], check(grpc)) else { return };
    scene.ends("applied");
    assert_eq!(scene.checks()["remote"], "passing");
    scene.destroy();
}

#[test]
fn a_grpc_check_that_never_passes_is_told_with_the_answer_of_the_program() {
    let lost = json!({ "type": "grpc", "name": "remote", "grpc_service": "lost" });
    let mut service = check(lost);
    service["update"] =
        json!({ "min_healthy_time": "100ms", "healthy_deadline": "4s", "progress_deadline": 0 });
    let Some(scene) = Scene::new("unknown-to-grpc", &["serve", "shop"], service) else { return };
    let message = scene.ends("failed");
    assert!(message.contains("remote") && message.contains("unknown service lost"), "{message}");
    scene.destroy();
}

#[test]
fn a_script_check_runs_in_the_task_and_its_last_words_are_told_if_it_fails() {
    let inside = check(script("test -n \"$NOMAD_ALLOC_ID\" && echo warm"));
    let Some(mut scene) = Scene::new("scripted", &["serve", "one"], inside) else { return };
    scene.ends("applied");
    assert_eq!(scene.checks()["inside"], "passing");

    let service = &mut scene.site.infrastructure["services"]["scripted"];
    service["check"] = check(script("echo still warming up; exit 2"))["check"].clone();
    service["args"] = json!(["serve", "two"]);
    service["update"]["healthy_deadline"] = json!("4s");
    let message = scene.ends("failed");
    assert!(message.contains("inside") && message.contains("still warming up"), "{message}");
    scene.destroy();
}

#[test]
fn a_script_that_does_not_exist_is_told() {
    let mut service = check(json!({ "type": "script", "name": "inside", "command": "/no/such/program" }));
    service["update"] =
        json!({ "min_healthy_time": "100ms", "healthy_deadline": "4s", "progress_deadline": 0 });
    let Some(scene) = Scene::new("scriptless", &["serve", "one"], service) else { return };
    let message = scene.ends("failed");
    assert!(message.contains("inside") && message.contains("/no/such/program"), "{message}");
    scene.destroy();
}

/// A check that fails while this file exists.
fn until_gone(flag: &Path) -> Value {
    script(&format!("test ! -e {} || {{ echo wilted; exit 2; }}", flag.display()))
}

#[test]
fn a_task_whose_check_fails_is_restarted_and_serves_again() {
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("flag");
    let mut service = check(until_gone(&flag));
    service["check"]["check_restart"] = json!({ "limit": 2, "grace": "1s" });
    service["restart"] = json!({ "attempts": 3, "interval": "1m", "delay": "1s", "mode": "fail" });
    let Some(scene) = Scene::new("revived", &["serve", "one"], service) else { return };
    scene.ends("applied");
    assert!(!scene.events().contains("unhealthy"), "{}", scene.events());

    std::fs::write(&flag, "").unwrap();
    until("Nomad restarts the task", || scene.events().contains("unhealthy").then_some(()));
    std::fs::remove_file(&flag).unwrap();
    until("the check passes again", || (scene.checks()["inside"] == "passing").then_some(()));
    scene.ends("unchanged");
    scene.destroy();
}

#[test]
fn a_task_that_its_check_restarts_too_often_fails_with_the_name_of_the_check() {
    let mut service = check(script("echo wilted; exit 2"));
    service["check"]["check_restart"] = json!({ "limit": 1, "grace": "0s" });
    let Some(scene) = Scene::new("wilting", &["serve", "one"], service) else { return };
    let message = scene.ends("failed");
    assert!(message.contains("inside") && message.contains("unhealthy"), "{message}");
    scene.destroy();
}
