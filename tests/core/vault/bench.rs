use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::server::Server;
pub use crate::support::{Site, statuses};

/// Long enough for any machine: the wait ends as soon as the condition holds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The test's own Vault, with AppRole, and with an engine at `leased/` that gives leases.
pub struct Bench {
    pub vault: Server,
    pub site: Site,
}

/// The rights of a run's role.
const POLICY: &str = r#"
path "secret/data/open/*" { capabilities = ["create", "read", "update"] }
path "old/open/*"         { capabilities = ["create", "read", "update"] }
path "leased/creds/*"     { capabilities = ["read"] }
"#;

impl Bench {
    pub fn new() -> Option<Self> {
        let bench = Self { vault: Server::vault()?, site: Site::new() };
        bench.post("sys/policies/acl/run", &json!({ "policy": POLICY }));
        bench.post("sys/auth/approle", &json!({ "type": "approle" }));
        bench.post("sys/mounts/old", &json!({ "type": "kv", "options": { "version": "1" } }));
        bench.post("sys/mounts/leased", &json!({ "type": "leases" }));
        Some(bench)
    }

    /// Makes runs log in by AppRole with this role.
    pub fn with(mut self, role: Value) -> Self {
        let auth = self.approle(role);
        self.settings("vault", json!({ "address": self.address(), "auth": auth }));
        self
    }

    pub fn settings(&mut self, key: &str, value: Value) {
        self.site.infrastructure["settings"][key] = value;
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.vault.port)
    }

    /// The setting `auth` for a role with the name `run`.
    pub fn approle(&self, mut role: Value) -> Value {
        role["token_policies"] = json!(["run"]);
        self.post("auth/approle/role/run", &role);
        let role_id = self.data("auth/approle/role/run/role-id")["role_id"].clone();
        let made = self.post("auth/approle/role/run/secret-id", &json!({}));
        let secret_id = self.file("secret-id", made["data"]["secret_id"].as_str().unwrap());
        json!({ "method": "approle", "role_id": role_id, "secret_id": secret_id })
    }

    /// Writes a file outside the root, and returns the reference to it.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.site.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("file:{}", path.display())
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        let (status, text) = self.vault.call("POST", &format!("/v1/{path}"), &body.to_string());
        assert!(status == 200 || status == 204, "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub fn data(&self, path: &str) -> Value {
        self.vault.get(&format!("/v1/{path}")).unwrap_or_else(|| panic!("nothing at {path}"))["data"].take()
    }

    /// Writes to the versioned store.
    pub fn put(&self, path: &str, data: Value) {
        self.post(&format!("secret/data/{path}"), &json!({ "data": data }));
    }

    /// Sends a request for a wrapped answer, and returns the wrapping token.
    pub fn wrapped(&self, path: &str, body: &Value) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.vault.port)).unwrap();
        let body = body.to_string();
        let token = crate::support::server::VAULT_TOKEN;
        write!(
            stream,
            "POST /v1/{path} HTTP/1.0\r\nHost: localhost\r\nX-Vault-Token: {token}\r\nX-Vault-Wrap-TTL: 300\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let document: Value = serde_json::from_str(body).unwrap();
        document["wrap_info"]["token"]
            .as_str()
            .unwrap_or_else(|| panic!("no wrapping in {document}"))
            .to_owned()
    }

    fn list(&self, path: &str) -> BTreeSet<String> {
        let (status, text) = self.vault.call("LIST", &format!("/v1/{path}"), "");
        if status == 404 {
            return BTreeSet::new();
        }
        assert_eq!(status, 200, "{path}: {text}");
        let document: Value = serde_json::from_str(&text).unwrap();
        document["data"]["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key.as_str().unwrap().to_owned())
            .collect()
    }

    /// The accessors of all tokens.
    pub fn tokens(&self) -> BTreeSet<String> {
        self.list("auth/token/accessors/")
    }

    /// The users that exist through leases.
    pub fn users(&self) -> BTreeSet<String> {
        self.list("leased/users/")
    }

    /// Makes a role of the engine that gives leases.
    pub fn leased(&self, name: &str, role: Value) {
        self.post(&format!("leased/roles/{name}"), &role);
    }

    /// Waits until tokens and users are as before. Vault revokes a token's leases shortly after its answer.
    pub fn until_as_before(&self, tokens: &BTreeSet<String>) {
        until("no token and no lease is left", || self.tokens() == *tokens && self.users().is_empty());
    }

    /// A component that runs a shell script with a variable as FROM and with terraform's environment. The script writes
    /// below `said`.
    pub fn shell(&mut self, name: &str, script: &str, rest: Value) {
        let module = format!(
            "variable \"given\" {{\n  default = \"\"\n}}\nvariable \"round\" {{\n  default = 1\n}}\n\
             resource \"terraform_data\" \"it\" {{\n  input = var.given\n  triggers_replace = var.round\n  provisioner \"local-exec\" {{\n    command = {}\n    environment = {{ FROM = var.given, SAID = {} }}\n  }}\n}}\n",
            json!(script),
            json!(self.said(""))
        );
        std::fs::create_dir_all(self.said("")).unwrap();
        let mut component = json!({ "policy": { "allow_destroy": true } });
        for (key, value) in rest.as_object().unwrap() {
            component[key] = value.clone();
        }
        self.site.component(name, &module, component);
    }

    pub fn said(&self, name: &str) -> PathBuf {
        self.site.folder.path().join("said").join(name)
    }

    pub fn heard(&self, name: &str) -> String {
        let path = self.said(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn orchestrate(&self) -> Value {
        self.site.run("orchestrate", json!({}))
    }

    /// Runs `orchestrate`, which must succeed.
    pub fn well(&self) -> Value {
        let report = self.orchestrate();
        assert_eq!(report["result"], true, "{report:#}");
        report
    }
}

pub fn error<'a>(report: &'a Value, component: &str) -> &'a Value {
    let error = &report["components"][component]["error"];
    assert!(error.is_object(), "no error in {report:#}");
    error
}

pub fn until(what: &str, fact: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
