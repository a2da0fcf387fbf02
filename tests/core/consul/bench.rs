use std::future::Future;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use eos::error::Result;
use eos::lock::consul::ConsulLockGuard;
use eos::lock::{ConsulLocks, Holder, LockState};
use eos::model::{ConsulLock, Tls};
use eos::process::Cancel;
use serde_json::Value;

use crate::support::server::Server;

pub const LOCK_FLAG: u64 = 0x2ddc_cbc0_58a5_0c18;

/// The Consul agent that running tests share.
fn agent() -> Option<Arc<Server>> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(agent) = shared.upgrade() {
        return Some(agent);
    }
    let agent = Arc::new(Server::consul()?);
    *shared = Arc::downgrade(&agent);
    Some(agent)
}

/// One test's own prefix in a Consul.
pub struct Bench {
    pub agent: Arc<Server>,
    pub settings: ConsulLock,
}

impl Bench {
    /// `name` distinguishes this test's keys from those of other tests.
    pub fn new(name: &str) -> Option<Self> {
        agent().map(|agent| Self::with(agent, name))
    }

    pub fn with(agent: Arc<Server>, name: &str) -> Self {
        let settings = ConsulLock {
            address: address(agent.port),
            token: None,
            ttl: Duration::from_secs(10),
            lock_delay: Duration::from_secs(15),
            prefix: format!("test/{name}"),
            tls: Tls::default(),
        };
        Self { agent, settings }
    }

    pub fn lock_delay(mut self, seconds: u64) -> Self {
        self.settings.lock_delay = Duration::from_secs(seconds);
        self
    }

    /// The same bench through a proxy at this port.
    pub fn through(mut self, port: u16) -> Self {
        self.settings.address = address(port);
        self
    }

    pub fn consul(&self) -> ConsulLocks {
        ConsulLocks::open(&self.settings, None).unwrap()
    }

    pub fn key(&self) -> String {
        format!("{}/staging/net/lock", self.settings.prefix)
    }

    pub async fn take(&self, run_id: &str, seconds: u64) -> Result<ConsulLockGuard> {
        let timeout = Duration::from_secs(seconds);
        self.consul().acquire(&holder(run_id), timeout, &Cancel::new()).await
    }

    /// A request of another client. Returns the status and the body. The path begins after `/v1/`.
    pub fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.agent.call(method, &format!("/v1/{path}"), body)
    }

    pub fn json(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, text) = self.call(method, path, body);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {status} {text}"))
    }

    /// The lock's key as Consul shows it; null if it does not exist.
    pub fn entry(&self) -> Value {
        match self.call("GET", &format!("kv/{}?consistent", self.key()), "") {
            (404, _) => Value::Null,
            (_, text) => serde_json::from_str::<Value>(&text).unwrap()[0].take(),
        }
    }

    /// The session that holds the key, if any.
    pub fn session(&self) -> Option<String> {
        self.entry()["Session"].as_str().map(str::to_owned)
    }

    /// The value of the key.
    pub fn value(&self) -> Value {
        let (_, text) = self.call("GET", &format!("kv/{}?raw&consistent", self.key()), "");
        serde_json::from_str(&text).unwrap()
    }

    pub fn destroy(&self, session: &str) {
        self.call("PUT", &format!("session/destroy/{session}"), "");
    }

    /// A session of another client.
    pub fn foreign_session(&self) -> String {
        let body = r#"{"NodeChecks": [], "TTL": "60s", "LockDelay": "0s"}"#;
        self.json("PUT", "session/create", body)["ID"].as_str().unwrap().to_owned()
    }

    /// Takes the key from its session and gives it to another client's session, in one transaction.
    pub fn hand_over(&self, from: &str) {
        let to = self.foreign_session();
        let value = "eyJydW5faWQiOiAib3RoZXIifQ=="; // {"run_id": "other"}
        let op = |verb: &str, session: &str| {
            serde_json::json!({ "KV": {
                "Verb": verb, "Key": self.key(), "Session": session, "Value": value, "Flags": LOCK_FLAG,
            }})
        };
        let ops = serde_json::json!([op("unlock", from), op("lock", &to)]);
        assert_eq!(self.call("PUT", "txn", &ops.to_string()).0, 200);
    }

    /// The sessions that were made for this key.
    pub fn sessions(&self) -> Vec<Value> {
        let all = self.json("GET", "session/list", "");
        all.as_array().unwrap().iter().filter(|one| one["Name"] == self.key().as_str()).cloned().collect()
    }
}

pub fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

pub fn holder(run_id: &str) -> Holder {
    Holder {
        run_id: run_id.into(),
        jid: "20261121".into(),
        minion: "web1".into(),
        user: "joe".into(),
        operation: "apply".into(),
        environment: "staging".into(),
        component: "net".into(),
        ..Holder::here()
    }
}

pub fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

pub async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// Waits until the condition holds. A minute is longer than anything here may take.
pub async fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        pause(20).await;
    }
}

pub async fn until_held(guard: &ConsulLockGuard) {
    until("held", || guard.state() == LockState::Held).await;
}

pub async fn until_unknown(guard: &ConsulLockGuard) {
    until("unknown", || matches!(guard.state(), LockState::Unknown(_))).await;
}
