//! One driver with one type of job, from its first run until nothing of it is left.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::server::{PROGRAMS, is_ci, skipped};
use crate::support::statuses;
use crate::support::waiting::until;
use crate::vault::bench::Bench;

/// How much of a story is played.
#[derive(Clone, Copy, PartialEq)]
pub enum Length {
    Whole,
    /// The job is not updated, not scaled, and not made good again. Nobody looks for drift.
    Short,
}

struct Cell {
    stage: Stage,
    vault: Bench,
    driver: &'static str,
    kind: &'static str,
    name: &'static str,
}

impl Cell {
    fn new(driver: &'static str, kind: &'static str) -> Option<Self> {
        let mut stage = Stage::new()?;
        if !has_driver(&stage, driver) {
            return None;
        }
        let name: &str = format!("{}-{kind}", driver.replace('_', "-")).leak();
        let vault = Bench::beside_others(stage.harbour.vault()?, name);
        vault.put("task", json!({ "password": "5ea-horse-7" }));
        vault.leased("run", json!({ "ttl": "1h" }));
        let settings = &mut stage.site.infrastructure["settings"];
        settings["vault"] = json!({ "address": vault.address(), "auth": vault.approle(json!({})) });
        settings["terraform"]["env"] = json!({ "LENT": vault.lent("run#password") });
        Some(Self { stage, vault, driver, kind, name })
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
            "secrets": { "PASSWORD": self.vault.secret("task#password") },
        });
        if self.driver == "docker" {
            let image = self.stage.image(self.name, &words.join("-").replace(' ', "-"), words);
            service["image"] = json!(image);
        } else {
            service["driver"] = json!(self.driver);
            service["command"] = json!(self.program());
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
        self.stage.site.infrastructure["services"][self.name] = service;
    }

    /// The program of a task without a container, as the task sees it.
    fn program(&self) -> String {
        let of_host = self.stage.harbour.engine.folder().join(PROGRAMS).join("container");
        match self.driver {
            "exec" => format!("/{PROGRAMS}/container"),
            _ => of_host.to_str().unwrap().to_owned(),
        }
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
        // Nomad keeps a job that it has started, and that has ended, until it collects its garbage.
        let is_garbage = |one: &Value| one["ParentID"] == self.name && one["Status"] == "dead";
        let listed = |path: String, key: &str| {
            let found = nomad.get(&path).unwrap_or_default();
            let all = found.as_array().cloned().unwrap_or_default();
            let left = all.iter().filter(|one| !is_garbage(one));
            left.map(|one| format!("{path}: {}", one[key])).collect::<Vec<_>>()
        };
        let name = self.name;
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

    fn story(&mut self, length: Length) {
        let component = self.component();
        let (tokens, logins) = (self.vault.tokens(), self.vault.logins());
        assert_eq!(self.good("one", 1), "applied");
        assert_eq!(self.good("one", 1), "unchanged");
        if length == Length::Whole {
            assert_eq!(self.good("two", 1), "applied", "updated");
            if matches!(self.kind, "service" | "batch") {
                assert_eq!(self.good("two", 2), "applied", "scaled");
            }
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
        if length == Length::Whole {
            assert_eq!(self.good("three", 1), "applied", "back to good");
            let drift = self.stage.run("drift", json!({}));
            assert_eq!(statuses(&drift)[&component], "unchanged", "{drift:#}");
        }
        let destroyed = self.stage.run("destroy", json!({ "confirm": "staging" }));
        assert_eq!(statuses(&destroyed)[&component], "destroyed", "{destroyed:#}");
        let mut left = Vec::new();
        until("nothing is left", || {
            let now = self.left();
            if now != left {
                left = now;
                eprintln!("left of {}: {left:?}", self.name);
            }
            left.is_empty().then_some(())
        });
        self.vault.until_as_before(&tokens);
        until("no login is left", || (self.vault.logins() == logins).then_some(()));
    }

    /// A job that starts later cannot fail in a run. If no node has its driver, this is told before anything changes.
    fn refused(&mut self) {
        let name = self.name;
        let service: &mut Value = &mut self.stage.site.infrastructure["services"][name];
        service["job"] = json!({ "group": { name: { "task": { name: { "driver": "horse" } } } } });
        let report = self.stage.run("orchestrate", json!({}));
        let error = &report["components"][self.component()]["error"];
        assert_eq!(error["code"], "nomad_unplaceable", "{report:#}");
        assert!(error["message"].as_str().unwrap().contains("missing drivers"), "{report:#}");
    }
}

/// If not, says what is missing.
fn has_driver(stage: &Stage, driver: &str) -> bool {
    let nodes = stage.harbour.nomad.get("/v1/nodes").unwrap();
    let found = &nodes[0]["Drivers"][driver];
    if found["Healthy"] == true {
        return true;
    }
    // A Nomad that was built without cgo does not know exec at all.
    assert!(!(found.is_null() && is_ci()), "{driver} is needed: install gcc, with the headers of libc");
    let reason = found["HealthDescription"].as_str().unwrap_or("this one was built without cgo");
    skipped(&format!("a Nomad with the driver {driver} ({reason})"));
    false
}

/// False if something is missing here.
pub fn story(driver: &'static str, kind: &'static str, length: Length) -> bool {
    let cell = Cell::new(driver, kind);
    let is_possible = cell.is_some();
    cell.into_iter().for_each(|mut cell| cell.story(length));
    is_possible
}
