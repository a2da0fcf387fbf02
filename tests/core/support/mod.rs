//! A host without Salt, and an environment in a folder, for tests of the core.

pub mod aws;
pub mod browser;
pub mod disk;
pub mod draw;
pub mod engine;
pub mod hetzner;
pub mod http_backend;
pub mod killed;
pub mod listener;
pub mod moto;
pub mod pair;
pub mod policies;
pub mod ports;
pub mod postgres;
pub mod processes;
pub mod program;
pub mod proxy;
pub mod salt;
pub mod script;
pub mod server;
pub mod waiting;
pub mod web;
pub mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use eos::host::Host;
use eos::operation::{Call, CallerIdentity, Request, run};
use eos::view::progress::ProgressDisplay;
use serde_json::{Value, json};

/// The functions of a host that need Salt, for a test without it.
macro_rules! without_salt {
    () => {
        fn fetch(&self, _: &str) -> Result<std::collections::BTreeMap<String, std::path::PathBuf>, String> {
            Err("there is no Salt in this test".to_owned())
        }
        fn render(&self, _: &std::path::Path) -> Result<String, String> {
            Err("there is no Salt in this test".to_owned())
        }
        fn tick(&self) -> u32 {
            0
        }
        fn start(&self, _: &eos::host::SaltJob) -> Result<eos::host::StartedJob, String> {
            Err("there is no Salt in this test".to_owned())
        }
        fn poll(
            &self,
            _: &str,
        ) -> Result<std::collections::BTreeMap<String, eos::host::MinionReturn>, String> {
            Err("there is no Salt in this test".to_owned())
        }
        fn stop(&self, _: &str) {}
    };
}
pub(crate) use without_salt;

pub struct NoSalt;

impl Host for NoSalt {
    without_salt!();

    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, _: &str) {}
}

/// The arguments with which this test program runs only one ignored test.
pub fn alone<F: Fn()>(_: F) -> [String; 3] {
    let (_, name) = std::any::type_name::<F>().split_once("::").unwrap();
    ["--exact", name, "--ignored"].map(str::to_owned)
}

/// The command that starts this test program again with one ignored test: the other half of another test.
pub fn again(test: impl Fn()) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(alone(test));
    command
}

/// Runs one ignored test in its own process. The test must pass. Returns its output.
pub fn ends_well(test: impl Fn()) -> String {
    let output = again(test).output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
    said
}

/// A folder with modules, and a pillar whose root is in it.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub infrastructure: Value,
}

impl Site {
    /// A site with an environment `staging` and no component.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let infrastructure = json!({
            "settings": { "root": folder.path().join("root"), "lock_timeout": 1 },
            "components": {},
            "environments": { "staging": {} },
        });
        Self { folder, infrastructure }
    }

    /// A site with the component `net`, which does nothing.
    pub fn with_net() -> Self {
        let mut site = Self::new();
        site.component("net", "resource \"terraform_data\" \"net\" {}", json!({}));
        site
    }

    /// Adds a component with its own module.
    pub fn component(&mut self, name: &str, main: &str, rest: Value) {
        let module = self.folder.path().join("modules").join(name);
        std::fs::create_dir_all(&module).unwrap();
        std::fs::write(module.join("main.tf"), main).unwrap();
        self.infrastructure["components"][name] = rest;
        self.infrastructure["components"][name]["source"] = json!(module);
    }

    /// Lets Eos use a terraform that logs its calls. Returns the calls since the last question, without `version`.
    pub fn log_calls(&mut self) -> impl Fn() -> Vec<String> + use<> {
        let log = self.folder.path().join("calls");
        let script = self.folder.path().join("terraform");
        let text = format!("#!/bin/sh\necho \"$1\" >>{}\nexec terraform \"$@\"\n", log.display());
        script::executable(&script, &text);
        self.infrastructure["settings"]["terraform"]["binary"] = json!(script);
        move || {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let _ = std::fs::remove_file(&log);
            said.lines().filter(|call| *call != "version").map(str::to_owned).collect()
        }
    }

    pub fn workdir(&self, component: &str) -> PathBuf {
        self.folder.path().join("root/staging").join(component)
    }

    pub fn run(&self, operation: &str, arguments: Value) -> Value {
        self.run_on(&NoSalt, operation, arguments)
    }

    /// Runs an operation with the test's own Salt.
    pub fn run_on(&self, host: &dyn Host, operation: &str, arguments: Value) -> Value {
        let mut arguments = arguments;
        if arguments.get("run_id").is_none() && arguments.get("environment").is_none() {
            arguments["environment"] = "staging".into();
        }
        self.call(host, CallerIdentity::default(), operation, arguments)
    }

    /// Makes a call with this identity. Adds nothing to its arguments.
    pub fn call(
        &self,
        host: &dyn Host,
        identity: CallerIdentity,
        operation: &str,
        arguments: Value,
    ) -> Value {
        let request = Request {
            operation: operation.to_owned(),
            arguments: arguments.as_object().unwrap().clone(),
            surplus: 0,
            infrastructure: self.infrastructure.clone(),
            problems: Vec::new(),
            identity,
        };
        run(Call { request, host, progress: quiet })
    }
}

fn quiet(environment: &str, components: &BTreeSet<eos::model::Name>, parallel: usize) -> ProgressDisplay {
    ProgressDisplay::new(environment, components, parallel)
}

/// From each component's name to its status.
pub fn statuses(report: &Value) -> BTreeMap<String, String> {
    let components =
        report["components"].as_object().unwrap_or_else(|| panic!("no components in {report:#}"));
    components.iter().map(|(name, one)| (name.clone(), one["status"].as_str().unwrap().to_owned())).collect()
}
