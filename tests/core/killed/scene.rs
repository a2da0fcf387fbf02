//! A site whose components can be held in a phase.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::script::executable;
use crate::support::web::Web;
use crate::support::world::World;

/// Long enough for any machine: the wait ends as soon as the condition holds.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn until(what: &str, fact: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

pub struct Scene {
    pub world: World,
    pub site: Site,
}

impl Scene {
    /// The things with these names hang when they are created.
    pub fn new(held: &[&str]) -> Option<Self> {
        let (world, mut site) = (World::new()?, Site::new());
        // If a test fails, the hanging calls still end.
        site.infrastructure["settings"]["timeouts"] = json!({ "apply": "3m", "stop_grace": "5s" });
        site.infrastructure["settings"]["parallelism"] = json!(8);
        site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
        let scene = Self { world, site };
        scene.held(held);
        Some(scene)
    }

    /// Makes only these things hang from now on.
    pub fn held(&self, held: &[&str]) {
        let hang =
            |name: &&str| json!({ "id": name, "on": "create", "name": name, "when": "before", "do": "hang" });
        self.world.faults(&held.iter().map(hang).collect());
    }

    /// Adds a component with these resources of the providers world and nomad.
    pub fn component(&mut self, name: &str, resources: &str, rest: Value) {
        let main = format!(
            "terraform {{\n  required_providers {{\n    nomad = {{ source = \"hashicorp/nomad\" }}\n    \
             world = {{ source = \"eos.test/eos/world\" }}\n  }}\n}}\n\
             provider \"world\" {{\n  world = {}\n  component = {}\n}}\n{resources}",
            json!(self.world.path("")),
            json!(name),
        );
        self.site.component(name, &main, rest);
    }

    /// Waits until the creation of this thing has begun.
    pub fn is_creating(&self, name: &str) {
        let begun = |line: &Value| line["kind"] == "create" && line["name"] == name;
        until(name, || self.world.operations().iter().any(begun));
    }

    /// Waits until the apply of this component is recorded. Its gates follow.
    pub fn is_recorded(&self, component: &str) {
        let record = format!("root/staging/.eos/components/{component}/record.json");
        until(component, || self.site.folder.path().join(&record).exists());
    }

    /// Makes `terraform show` of this component wait until it is released. Eos runs it right before it asks Nomad about
    /// the plan.
    pub fn hold_show(&mut self, component: &str) -> Show {
        let folder = self.site.folder.path();
        let (wrapper, show) =
            (folder.join("terraform"), Show { reached: folder.join("reached"), go: folder.join("go") });
        let text = format!(
            "#!/bin/sh\ncase $1:$PWD in show:*/{component}/*) ;; *) exec terraform \"$@\" ;; esac\n\
             terraform \"$@\"\ncode=$?\ntouch {}\nwhile [ -d {} ] && [ ! -e {} ]; do sleep 0.05; done\nexit $code\n",
            show.reached.display(),
            folder.display(),
            show.go.display(),
        );
        executable(&wrapper, &text);
        self.site.infrastructure["settings"]["terraform"]["binary"] = json!(wrapper);
        show
    }

    pub fn run(&self) -> Value {
        self.site.run("orchestrate", json!({}))
    }

    /// Resource addresses in the state of a component, sorted.
    pub fn state(&self, component: &str) -> Vec<String> {
        let text = std::fs::read(self.site.workdir(component).join("terraform.tfstate")).unwrap_or_default();
        let state: Value = serde_json::from_slice(&text).unwrap_or_default();
        let of = |one: &Value| format!("{}.{}", one["type"].as_str().unwrap(), one["name"].as_str().unwrap());
        let resources = state["resources"].as_array().into_iter().flatten();
        let there = resources.filter(|one| one["instances"].as_array().is_some_and(|all| !all.is_empty()));
        let mut found: Vec<_> = there.map(of).collect();
        found.sort();
        found
    }
}

pub struct Show {
    reached: PathBuf,
    go: PathBuf,
}

impl Show {
    pub fn is_reached(&self) {
        until("shown", || self.reached.exists());
    }

    pub fn go(&self) {
        std::fs::write(&self.go, "").unwrap();
    }
}

/// A web server that answers no request until it is released.
pub struct Closed {
    pub web: Web,
    open: Arc<AtomicBool>,
}

impl Closed {
    pub fn new() -> Self {
        let open = Arc::new(AtomicBool::new(false));
        let opened = open.clone();
        let web = Web::new(move |_| {
            while !opened.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            Some(200)
        });
        Self { web, open }
    }

    pub fn is_asked(&self) {
        until("the web server is asked", || !self.web.asked().is_empty());
    }

    pub fn go(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

pub fn thing(name: &str, rest: &str) -> String {
    format!("resource \"world_thing\" \"{name}\" {{\n  name = \"{name}\"\n  {rest}\n}}\n")
}

/// The status, the code and the message of one component.
pub fn end(report: &Value, component: &str) -> (String, String, String) {
    let one = &report["components"][component];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&one["status"]), text(&one["reason"]), text(&one["error"]["message"]))
}

/// Checks that the component failed with this code, and that the message names the server.
pub fn failed(report: &Value, component: &str, code: &str, server: &str) {
    let (status, reason, message) = end(report, component);
    assert_eq!((status.as_str(), reason.as_str()), ("failed", code), "{component}: {report:#}");
    assert!(message.contains(server), "{component} does not name {server}: {message}");
    let remedy = report["components"][component]["error"]["remedy"].as_str().unwrap_or_default();
    assert!(!remedy.is_empty(), "{component}: {report:#}");
}
