use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::server::Server;
pub use crate::support::{Site, statuses};

/// Long enough for any machine: the wait ends as soon as the condition holds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The Vault that tests share while they run.
fn shared() -> Option<Arc<Server>> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(vault) = shared.upgrade() {
        return Some(vault);
    }
    let vault = Arc::new(Server::vault()?);
    *shared = Arc::downgrade(&vault);
    Some(vault)
}

/// A part of a Vault: an AppRole mount, paths in the key-value stores, an engine that gives leases, and a policy. All
/// have the test's name.
pub struct Bench {
    pub vault: Arc<Server>,
    pub site: Site,
    pub name: &'static str,
    is_alone: bool,
}

impl Bench {
    /// `name` tells this test's secrets and tokens from those of others.
    pub fn new(name: &'static str) -> Option<Self> {
        shared().map(|vault| Self::beside_others(vault, name))
    }

    /// With a Vault for this test alone, which it may stop or seal.
    pub fn alone(name: &'static str) -> Option<Self> {
        Server::vault().map(|vault| Self::on(Arc::new(vault), name, true))
    }

    /// In a Vault that others use too.
    pub fn beside_others(vault: Arc<Server>, name: &'static str) -> Self {
        Self::on(vault, name, false)
    }

    fn on(vault: Arc<Server>, name: &'static str, is_alone: bool) -> Self {
        let bench = Self { vault, site: Site::new(), name, is_alone };
        let allowed = [
            (format!("secret/data/{name}/*"), "\"create\", \"read\", \"update\""),
            (format!("{name}-old/*"), "\"create\", \"read\", \"update\""),
            (format!("{name}-leased/creds/*"), "\"read\""),
        ];
        let rule = |(path, can): &(String, &str)| format!("path \"{path}\" {{ capabilities = [{can}] }}\n");
        let policy: String = allowed.iter().map(rule).collect();
        bench.post(&format!("sys/policies/acl/{name}"), &json!({ "policy": policy }));
        bench.post(&format!("sys/auth/{name}"), &json!({ "type": "approle" }));
        bench
            .post(&format!("sys/mounts/{name}-old"), &json!({ "type": "kv", "options": { "version": "1" } }));
        bench.post(&format!("sys/mounts/{name}-leased"), &json!({ "type": "leases" }));
        bench
    }

    /// Runs log in by AppRole. `role` has the properties of its role.
    pub fn with(mut self, role: Value) -> Self {
        let auth = self.approle(role);
        self.settings("vault", json!({ "address": self.address(), "auth": auth }));
        self
    }

    /// The path of the role that runs log in with, and of what is below it.
    pub fn role(&self, below: &str) -> String {
        format!("auth/{}/role/run{below}", self.name)
    }

    /// The reference to a value that [`Self::put`] puts into Vault: `net#password`.
    pub fn secret(&self, rest: &str) -> String {
        format!("vault:secret/{}/{rest}", self.name)
    }

    /// The reference to a value of a lease: `app#username`.
    pub fn lent(&self, rest: &str) -> String {
        format!("vault:{}-leased/creds/{rest}", self.name)
    }

    pub fn settings(&mut self, key: &str, value: Value) {
        self.site.infrastructure["settings"][key] = value;
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.vault.port)
    }

    /// The setting `auth` for a role with the name `run`.
    pub fn approle(&self, mut role: Value) -> Value {
        role["token_policies"] = json!([self.name]);
        self.post(&self.role(""), &role);
        let role_id = self.data(&self.role("/role-id"))["role_id"].clone();
        let made = self.post(&self.role("/secret-id"), &json!({}));
        let secret_id = self.file("secret-id", made["data"]["secret_id"].as_str().unwrap());
        json!({ "method": "approle", "mount": self.name, "role_id": role_id, "secret_id": secret_id })
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
        self.post(&format!("secret/data/{}/{path}", self.name), &json!({ "data": data }));
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

    /// The accessors of all tokens; in a shared Vault, of those with this test's policy.
    pub fn tokens(&self) -> BTreeSet<String> {
        let is_ours = |accessor: &String| {
            let body = json!({ "accessor": accessor }).to_string();
            // One that has just ended has no answer.
            let (_, text) = self.vault.call("POST", "/v1/auth/token/lookup-accessor", &body);
            let found: Value = serde_json::from_str(&text).unwrap_or_default();
            let policies = found["data"]["policies"].as_array();
            policies.is_some_and(|policies| policies.contains(&json!(self.name)))
        };
        let all = self.list("auth/token/accessors/").into_iter();
        all.filter(|accessor| self.is_alone || is_ours(accessor)).collect()
    }

    /// The users that exist through leases.
    pub fn users(&self) -> BTreeSet<String> {
        self.list(&format!("{}-leased/users/", self.name))
    }

    /// The leases of the tokens that runs log in for.
    pub fn logins(&self) -> BTreeSet<String> {
        self.list(&format!("sys/leases/lookup/auth/{}/login/", self.name))
    }

    /// Makes a role of the engine that gives leases.
    pub fn leased(&self, name: &str, role: Value) {
        self.post(&format!("{}-leased/roles/{name}", self.name), &role);
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
