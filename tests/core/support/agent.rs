//! A Consul agent of the tests' own, in memory, on loopback; and plain calls to it, as a third party's.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::server;

pub struct Agent {
    child: Child,
    pub port: u16,
    folder: tempfile::TempDir,
}

/// The agent that tests share while they run.
pub fn agent() -> Option<Arc<Agent>> {
    static SHARED: Mutex<Weak<Agent>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(agent) = shared.upgrade() {
        return Some(agent);
    }
    let agent = Arc::new(Agent::start(&json!({}))?);
    *shared = Arc::downgrade(&agent);
    Some(agent)
}

impl Agent {
    /// With more configuration than a development agent has.
    pub fn start(more: &Value) -> Option<Self> {
        let program = server::program("consul")?;
        let folder = tempfile::tempdir().unwrap();
        let [http, server, lan] = server::free_ports();
        let mut config = json!({
            "bind_addr": "127.0.0.1",
            "log_level": "warn",
            "ports": {
                "http": http, "server": server, "serf_lan": lan,
                "serf_wan": -1, "dns": -1, "grpc": -1, "grpc_tls": -1,
            },
        });
        for (key, value) in more.as_object().unwrap() {
            match value.as_object().filter(|_| config[key].is_object()) {
                Some(entries) => entries.iter().for_each(|(name, value)| config[key][name] = value.clone()),
                None => config[key] = value.clone(),
            }
        }
        std::fs::write(folder.path().join("agent.json"), config.to_string()).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(program)
            .args(["agent", "-dev", "-config-file"])
            .arg(folder.path().join("agent.json"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut agent = Self { child, port: http, folder };
        agent.wait_until_it_answers();
        Some(agent)
    }

    fn wait_until_it_answers(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        // A key that can be read needs a leader. 403: it has one, and wants a token.
        while !matches!(try_call(self.port, "GET", "kv/ready?consistent", &[], ""), Ok((403 | 404, _))) {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
                panic!("the Consul agent does not answer, ended {ended:?}:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// What a third party does. The status and the body.
    pub fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        try_call(self.port, method, path, &[], body).unwrap()
    }

    pub fn json(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, text) = self.call(method, path, body);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {status} {text}"))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Also where it is stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// HTTP/1.0: one request, one answer, the end.
pub fn try_call(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} /v1/{path} HTTP/1.0\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    Ok((status, body.to_owned()))
}
