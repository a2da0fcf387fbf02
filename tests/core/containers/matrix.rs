//! Every driver with every type of job, from its first run until nothing of it is left.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::server::program;
use crate::support::statuses;
use crate::support::waiting::until;

const DRIVERS: [&str; 3] = ["docker", "exec", "raw_exec"];
const TYPES: [&str; 6] = ["service", "batch", "system", "periodic", "parameterized", "sysbatch"];

/// One driver with one type.
struct Cell {
    stage: Stage,
    program: PathBuf,
    driver: &'static str,
    kind: &'static str,
    name: String,
}

impl Cell {
    fn new(driver: &'static str, kind: &'static str) -> Option<Self> {
        let name = format!("{}-{kind}", driver.replace('_', "-"));
        Some(Self { program: program("container")?, stage: Stage::new()?, driver, kind, name })
    }

    fn serves(&self) -> bool {
        matches!(self.kind, "service" | "system")
    }

    /// Whether Nomad starts it later: registering it is all that a run does.
    fn starts_later(&self) -> bool {
        matches!(self.kind, "periodic" | "parameterized")
    }

    /// Puts the service into the pillar, with what its program does.
    fn set(&mut self, words: &[&str], replicas: u64) {
        let mut service = json!({
            "cpu": 20, "memory": 32, "restart": { "attempts": 0, "mode": "fail" },
            "secrets": { "PASSWORD": format!("file:{}", self.secret().display()) },
        });
        if self.driver == "docker" {
            let image = self.stage.image(&self.name, &words.join("-").replace(' ', "-"), words);
            service["image"] = json!(image);
        } else {
            service["driver"] = json!(self.driver);
            service["command"] = json!(self.program);
            service["args"] = json!(words);
        }
        match self.kind {
            "periodic" => service["periodic"] = json!({ "crons": ["0 3 1 1 *"] }),
            "parameterized" => service["parameterized"] = json!({ "payload": "optional" }),
            _ => {}
        }
        service["type"] = json!(if self.starts_later() { "batch" } else { self.kind });
        if matches!(self.kind, "service" | "batch") {
            service["replicas"] = json!(replicas);
            service["reschedule"] = json!({ "attempts": 0, "unlimited": false });
        }
        if self.serves() {
            service["ports"] = json!({ "http": {} });
            if self.driver == "docker" {
                service["ports"] = json!({ "http": 8080 });
            } else {
                service["env"] = json!({ "PORT": "${NOMAD_PORT_http}" });
            }
            service["check"] = json!({ "type": "http", "path": "/", "interval": "1s", "timeout": "1s" });
            service["shutdown_delay"] = json!("0s");
        }
        if self.kind == "service" {
            service["update"] =
                json!({ "min_healthy_time": "500ms", "healthy_deadline": "60s", "progress_deadline": 0 });
        }
        self.stage.site.infrastructure["services"][&self.name] = service;
    }

    fn secret(&self) -> PathBuf {
        let path = self.stage.site.folder.path().join("secret");
        std::fs::write(&path, "5ea-horse-7\n").unwrap();
        path
    }

    fn component(&self) -> String {
        format!("nomad-{}", self.name)
    }

    /// Runs `orchestrate` with a program that works.
    fn good(&mut self, text: &str, replicas: u64) -> String {
        let what = if self.serves() { "serve" } else { "end" };
        self.set(&[what, text], replicas);
        statuses(&self.stage.orchestrated())[&self.component()].clone()
    }

    /// What Nomad has under the name of this service, with the jobs that it started for it.
    fn left(&self) -> Vec<String> {
        let nomad = &self.stage.harbour.nomad;
        let listed = |path: String, key: &str| {
            let found = nomad.get(&path).unwrap_or_default();
            let all = found.as_array().cloned().unwrap_or_default();
            all.iter().map(|one| format!("{path}: {}", one[key])).collect::<Vec<_>>()
        };
        let name = &self.name;
        let mut left = listed(format!("/v1/jobs?prefix={name}"), "ID");
        left.extend(listed(format!("/v1/vars?prefix=nomad/jobs/{name}"), "Path"));
        let consul = self.stage.harbour.consul.get(&format!("/v1/catalog/service/{name}"));
        left.extend(
            consul.iter().flat_map(|all| all.as_array().unwrap()).map(|one| format!("consul: {one}")),
        );
        let containers =
            self.stage.harbour.engine.docker(&["ps", "--all", "--format", "{{.Names}} {{.Image}}"]);
        left.extend(containers.lines().filter(|line| line.contains(name)).map(str::to_owned));
        left
    }

    /// Runs what Nomad starts later, once.
    fn start_now(&self) {
        let nomad = &self.stage.harbour.nomad;
        let (path, body) = match self.kind {
            "periodic" => ("periodic/force", ""),
            _ => ("dispatch", "{}"),
        };
        let (status, said) = nomad.call("PUT", &format!("/v1/job/{}/{path}", self.name), body);
        assert_eq!(status, 200, "{said}");
        until("it has run", || {
            let jobs = nomad.get(&format!("/v1/jobs?prefix={}/", self.name))?;
            let child = jobs.as_array()?.first()?["ID"].as_str()?.replace('/', "%2F");
            let ran = nomad.get(&format!("/v1/job/{child}/allocations"))?;
            (ran[0]["ClientStatus"] == "complete").then_some(())
        });
    }

    fn story(&mut self) {
        let component = self.component();
        assert_eq!(self.good("one", 1), "applied");
        assert_eq!(self.good("one", 1), "unchanged");
        assert_eq!(self.good("two", 1), "applied");
        if matches!(self.kind, "service" | "batch") {
            assert_eq!(self.good("two", 2), "applied", "scaled");
        }
        if self.starts_later() {
            self.start_now();
            self.refused();
        } else {
            self.set(&["crash", "no luck"], 1);
            let report = self.stage.run("orchestrate", json!({}));
            assert_eq!(statuses(&report)[&component], "failed", "{report:#}");
            let message = report["components"][&component]["error"]["message"].as_str().unwrap();
            assert!(message.contains("no luck") && message.contains("Exit Code: 1"), "{message}");
        }
        let back = self.good("three", 1);
        assert_eq!(back, "applied");
        let drift = self.stage.run("drift", json!({}));
        assert_eq!(statuses(&drift)[&component], "unchanged", "{drift:#}");
        let destroyed = self.stage.run("destroy", json!({ "confirm": "staging" }));
        assert_eq!(statuses(&destroyed)[&component], "destroyed", "{destroyed:#}");
        let mut left = Vec::new();
        until("nothing is left", || {
            // Nomad keeps what it has started for a job until it collects its garbage.
            if self.starts_later() {
                assert_eq!(self.stage.harbour.nomad.call("PUT", "/v1/system/gc", "").0, 200);
            }
            let now = self.left();
            if now != left {
                left = now;
                eprintln!("left of {}: {left:?}", self.name);
            }
            left.is_empty().then_some(())
        });
    }

    /// A job that starts later cannot fail in a run. If no node has its driver, this is told before anything changes.
    fn refused(&mut self) {
        let name = self.name.clone();
        let service: &mut Value = &mut self.stage.site.infrastructure["services"][&name];
        service["job"] = json!({ "group": { &name: { "task": { &name: { "driver": "horse" } } } } });
        let report = self.stage.run("orchestrate", json!({}));
        let error = &report["components"][self.component()]["error"];
        assert_eq!(error["code"], "nomad_unplaceable", "{report:#}");
        assert!(error["message"].as_str().unwrap().contains("missing drivers"), "{report:#}");
    }
}

fn story(driver: &'static str, kind: &'static str) {
    let Some(mut cell) = Cell::new(driver, kind) else { return };
    cell.story();
}

#[test]
fn a_container_that_ends_is_up_updated_scaled_failed_back_and_destroyed() {
    story("docker", "batch");
}

/// Plays the story of a driver with each type that CELLS allows. Returns the failed ones.
fn failures(driver: &'static str) -> Vec<String> {
    let Some(stage) = Stage::new() else { return Vec::new() };
    let nodes = stage.harbour.nomad.get("/v1/nodes").unwrap();
    if nodes[0]["Drivers"][driver]["Healthy"] != true {
        // A Nomad that was built without cgo has no exec.
        println!("{driver:24} SKIPPED, missing: a Nomad with this driver");
        return Vec::new();
    }
    let wanted = std::env::var("CELLS").unwrap_or_default();
    let mut failed = Vec::new();
    for kind in TYPES {
        let cell = format!("{driver}:{kind}");
        if !cell.contains(&wanted) {
            continue;
        }
        let began = Instant::now();
        let is_well = std::panic::catch_unwind(|| story(driver, kind)).is_ok();
        println!("{cell:24} {} {} s", if is_well { "ok" } else { "FAILED" }, began.elapsed().as_secs());
        if !is_well {
            failed.push(cell);
        }
    }
    failed
}

#[test]
#[ignore = "make matrix-services"]
fn every_driver_runs_every_type_from_its_first_run_until_nothing_is_left() {
    let failed: Vec<String> = std::thread::scope(|scope| {
        let running = DRIVERS.map(|driver| scope.spawn(move || failures(driver)));
        running.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{failed:?}");
}
