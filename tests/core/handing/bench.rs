//! A Nomad and a Vault that all tests here share. Each test has its own service, which writes its secrets to a file.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::server::{Server, VAULT_TOKEN};
use crate::support::waiting::until;
use crate::support::world::World;

pub struct Servers {
    pub nomad: Server,
    pub vault: Server,
}

static SHARED: Mutex<Weak<Servers>> = Mutex::new(Weak::new());

/// The servers end with the last test that uses them. None, with a message, if a program is missing.
fn servers() -> Option<Arc<Servers>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(servers) = shared.upgrade() {
        return Some(servers);
    }
    let vault = Server::vault()?;
    let nomad = Server::nomad_with(&json!({ "vault": {
        "enabled": true, "address": address(&vault), "jwt_auth_backend_path": "nomad",
        "default_identity": { "aud": ["vault.test"], "ttl": "1h" },
    }}))?;
    let servers = Arc::new(Servers { nomad, vault });
    *shared = Arc::downgrade(&servers);
    Some(servers)
}

pub struct Bench {
    pub servers: Arc<Servers>,
    pub site: Site,
    /// The name of the service. No other test has this service.
    pub name: &'static str,
    world: World,
}

/// A task that writes its environment to a file with the name of its allocation.
const TASK: &str = "import json, os, time
own = {key: value for key, value in os.environ.items() if key.startswith('S_')}
path = os.path.join(os.environ['SAID'], os.environ['NOMAD_ALLOC_ID'])
open(path + '.new', 'w').write(json.dumps(own))
os.rename(path + '.new', path)
time.sleep(9999)";

impl Bench {
    /// A bench with a Vault that Eos logs in to. `name` distinguishes this test's service and secrets from those of
    /// other tests.
    pub fn new(name: &'static str) -> Option<Self> {
        let mut bench = Self { servers: servers()?, site: Site::new(), name, world: World::new()? };
        let token = bench.file("vault-token", VAULT_TOKEN);
        let settings = &mut bench.site.infrastructure["settings"];
        settings["terraform"] = json!({ "cli_config_file": bench.world.cli_config() });
        settings["nomad"] = json!({ "address": address(&bench.servers.nomad) });
        settings["vault"] = json!({
            "address": address(&bench.servers.vault), "auth": { "method": "token", "token": token },
        });
        std::fs::create_dir(bench.said()).unwrap();
        Some(bench)
    }

    /// Servers that are away are asked again for a short time only.
    pub fn gives_up_soon(&mut self) {
        for server in ["nomad", "vault"] {
            self.site.infrastructure["settings"][server]["retry_for"] = json!("1s");
        }
    }

    /// The service's part of the pillar.
    pub fn web(&mut self) -> &mut Value {
        &mut self.site.infrastructure["services"][self.name]
    }

    /// The name of the service's component.
    pub fn component(&self) -> String {
        format!("nomad-{}", self.name)
    }

    /// The service's part of a report.
    pub fn of<'a>(&self, report: &'a Value) -> &'a Value {
        &report["components"][self.component()]
    }

    /// The reference to a value that [`Self::put`] writes to Vault.
    pub fn vault(&self, key: &str) -> String {
        format!("vault:secret/{}#{key}", self.name)
    }

    /// Sets up the service with these secrets.
    pub fn serves(&mut self, secrets: Value) {
        self.site.infrastructure["services"][self.name] = json!({
            "command": "python3", "args": ["-c", TASK], "env": { "SAID": self.said() }, "replicas": 1,
            "cpu": 20, "memory": 32, "secrets": secrets,
            "update": { "min_healthy_time": "200ms", "healthy_deadline": "60s" },
        });
    }

    pub fn orchestrate(&self) -> Value {
        self.site.run("orchestrate", json!({}))
    }

    /// Runs, and checks that the run succeeded and that the service has this status.
    pub fn ends(&self, status: &str) -> Value {
        let report = self.orchestrate();
        let web = self.of(&report);
        assert!(report["result"] == true && web["status"] == status, "{report:#}");
        web.clone()
    }

    pub fn error(&self) -> Value {
        let report = self.orchestrate();
        let error = self.of(&report)["error"].clone();
        assert!(error.is_object(), "no error in {report:#}");
        error
    }

    fn said(&self) -> PathBuf {
        self.site.folder.path().join("said")
    }

    /// Writes a file, and returns the reference to it.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.site.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("file:{}", path.display())
    }

    /// Writes to the versioned store.
    pub fn put(&self, data: &Value) {
        self.post(&format!("secret/data/{}", self.name), &json!({ "data": data }));
    }

    pub fn post(&self, path: &str, body: &Value) {
        let (status, text) = self.servers.vault.call("POST", &format!("/v1/{path}"), &body.to_string());
        assert!(status == 200 || status == 204, "{path}: {status} {text}");
    }

    /// The secrets of the service in Vault.
    pub fn kept(&self) -> Value {
        let found = self.servers.vault.get(&format!("/v1/secret/data/services/staging/{}", self.name));
        found.map(|found| found["data"]["data"].clone()).unwrap_or_default()
    }

    pub fn variable_key(&self) -> String {
        format!("nomad/jobs/{}", self.name)
    }

    pub fn variable_path(&self) -> String {
        format!("/v1/var/{}", self.variable_key())
    }

    pub fn job_path(&self) -> String {
        format!("/v1/job/{}", self.name)
    }

    /// The items of the service's variable in Nomad.
    pub fn variable(&self) -> Option<Value> {
        self.servers.nomad.get(&self.variable_path()).map(|found| found["Items"].clone())
    }

    /// The allocations that run and are desired to run.
    pub fn running(&self) -> Vec<String> {
        let all = self.servers.nomad.get(&format!("{}/allocations", self.job_path())).unwrap_or_default();
        let is = |one: &&Value| one["ClientStatus"] == "running" && one["DesiredStatus"] == "run";
        let all = all.as_array().into_iter().flatten().filter(is);
        all.map(|one| one["ID"].as_str().unwrap().to_owned()).collect()
    }

    /// The environment that the only running task got.
    pub fn given(&self) -> Value {
        until("it says what it was given", || match self.running().as_slice() {
            [one] => serde_json::from_str(&std::fs::read_to_string(self.said().join(one)).ok()?).ok(),
            _ => None,
        })
    }

    /// Everything that Nomad shows about the job.
    pub fn inspected(&self) -> String {
        ["", "/versions", "/allocations", "/evaluations", "/deployments"]
            .map(|part| {
                self.servers.nomad.get(&format!("{}{part}", self.job_path())).unwrap_or_default().to_string()
            })
            .concat()
    }

    /// All files below the root, with their contents.
    pub fn files(&self) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![self.site.folder.path().join("root")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(bytes) = std::fs::read(&path) {
                    found.push((path, String::from_utf8_lossy(&bytes).into_owned()));
                }
            }
        }
        found
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.servers.nomad.call("DELETE", &format!("{}?purge=true", self.job_path()), "");
    }
}

pub fn address(server: &Server) -> String {
    format!("http://127.0.0.1:{}", server.port)
}
