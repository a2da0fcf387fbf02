//! A site whose tokens have the policies of the documentation, with one service that needs all of them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::policies::Policies;
use crate::support::server::{Secured, Server};
use crate::support::world::World;

pub struct Bench {
    pub servers: Arc<Secured>,
    pub site: Site,
    /// The name of the service. No other test has this service.
    pub name: &'static str,
    _world: World,
}

impl Bench {
    pub fn new(name: &'static str) -> Option<Self> {
        let (servers, world) = (Secured::shared()?, World::new()?);
        let mut bench = Self { servers, site: Site::new(), name, _world: world };
        let settings = &mut bench.site.infrastructure["settings"];
        settings["terraform"] = json!({ "cli_config_file": bench._world.cli_config() });
        bench.serves(json!({}));
        let (status, said) = bench.servers.vault.call(
            "POST",
            "/v1/secret/data/hello",
            &json!({ "data": { "password": "hunter2-of-the-policies" } }).to_string(),
        );
        assert_eq!(status, 200, "{said}");
        Some(bench)
    }

    /// The service, with more keys.
    pub fn serves(&mut self, more: Value) {
        let mut service = json!({
            "command": "python3", "args": ["-m", "http.server", "${NOMAD_PORT_http}", "--bind", "127.0.0.1"],
            "ports": { "http": {} }, "replicas": 1, "cpu": 20, "memory": 32,
            "check": { "type": "http", "path": "/", "interval": "1s", "timeout": "1s" },
            "secrets": { "OWN": { "generate": "password" }, "GIVEN": "vault:secret/hello#password" },
            "update": { "min_healthy_time": "100ms", "healthy_deadline": "30s", "progress_deadline": "40s" },
            "shutdown_delay": "0s",
        });
        for (key, value) in more.as_object().unwrap() {
            service[key] = value.clone();
        }
        self.site.infrastructure["services"][self.name] = service;
    }

    /// Gives the site tokens with these policies. `tag` is a name for them that was not used before.
    pub fn allowed(&mut self, policies: &Policies, tag: &str) {
        let servers = self.servers.clone();
        let name = format!("{}-{tag}", self.name);
        let tls = servers.authority.pillar(&servers.own);
        let nomad = servers.nomad_token(&name, &policies.nomad);
        let nomad = self.file("nomad", &nomad);
        let locks = servers.consul.consul_token(&format!("{name}-locks"), &policies.locks);
        let locks = self.file("locks", &locks);
        let gates = servers.consul.consul_token(&format!("{name}-gates"), &policies.gates);
        let gates = self.file("gates", &gates);
        let (role, secret) = servers.vault_login(&name, &policies.vault);
        let secret = self.file("secret", &secret);
        let settings = &mut self.site.infrastructure["settings"];
        settings["nomad"] = json!({ "address": servers.nomad_address(), "token": nomad, "tls": tls });
        settings["consul"] = json!({ "address": servers.consul_address(), "token": gates, "tls": tls });
        settings["lock"] =
            json!({ "type": "consul", "address": servers.consul_address(), "token": locks, "tls": tls });
        settings["vault"] = json!({
            "address": servers.vault_front.address(), "tls": tls,
            "auth": { "method": "approle", "role_id": role, "secret_id": secret },
        });
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.site.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("file:{}", path.display())
    }

    pub fn orchestrate(&self) -> Value {
        self.site.run("orchestrate", json!({}))
    }

    pub fn of<'a>(&self, report: &'a Value) -> &'a Value {
        &report["components"][format!("nomad-{}", self.name)]
    }

    /// Runs, and checks that the run succeeded and that the service has this status.
    pub fn ends(&self, status: &str) -> Value {
        let report = self.orchestrate();
        assert!(report["result"] == true && self.of(&report)["status"] == status, "{report:#}");
        report
    }

    pub fn destroy(&self) {
        let report = self.site.run("destroy", json!({ "confirm": "staging" }));
        assert_eq!(self.of(&report)["status"], "destroyed", "{report:#}");
    }

    pub fn doctor(&self) -> Value {
        self.site.run("doctor", json!({}))
    }

    pub fn nomad(&self) -> &Server {
        &self.servers.nomad
    }

    pub fn job(&self) -> Option<Value> {
        self.nomad().get(&format!("/v1/job/{}", self.name))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.nomad().call("DELETE", &format!("/v1/job/{}?purge=true", self.name), "");
    }
}
