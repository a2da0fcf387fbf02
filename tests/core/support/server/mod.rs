//! Real servers for tests. Each has free loopback ports and its own folder, and ends with the test.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

mod acl;
mod cluster;
mod contained;
mod on_disk;
mod secured;
mod tls;

pub use acl::MANAGER;
pub use cluster::{Cluster, Regions};
pub use contained::{PAUSE, PROGRAMS, SIDECAR};
pub use secured::Secured;
pub use tls::{Authority, Front};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::engine::Namespaces;
use crate::support::ports::{free_port, free_ports};

/// The exit code of `tests/servers/get` if an optional program is missing.
const MISSING: i32 = 3;
pub const VAULT_TOKEN: &str = "root-of-the-tests";
const NO_CLOUDS: &str = "env_aws,env_gce,env_azure,env_digitalocean";
const VAULT_HEADER: &str = "X-Vault-Token: root-of-the-tests\r\n";

/// Whether a server is ready. It is called repeatedly, and may also prepare the server.
type Ready = fn(&Server) -> bool;

/// The path of consul, nomad or vault. The program is built if it is not on PATH. None, with a message, if that is not
/// possible; with `CI=true` this is a failure.
pub fn program(name: &str) -> Option<PathBuf> {
    got("tests/servers/get", name)
}

/// The same with another script that gets programs.
pub fn got(script: &str, name: &str) -> Option<PathBuf> {
    let get = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    // The test harness captures a test's output. The messages of `get` bypass it.
    let got = Command::new(get).arg(name).stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    if got.status.code() == Some(MISSING) && !is_ci() {
        skipped(name);
        return None;
    }
    assert!(got.status.success(), "{name} is needed, and `{script} {name}` did not get it");
    Some(String::from_utf8(got.stdout).unwrap().trim_end().into())
}

/// Whether a missing program that could be installed is a failure.
pub fn is_ci() -> bool {
    std::env::var("CI").as_deref() == Ok("true")
}

/// Says that this test is skipped. The test harness captures a test's output; this message bypasses it.
pub fn skipped(missing: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    std::io::stderr().write_all(format!("SKIPPED {test}, missing: {missing}\n").as_bytes()).unwrap();
}

/// Kills a server when this process ends for any reason, because the pipe closes then. The kernel's PDEATHSIG would end
/// the server with the thread that started it, and that thread is only one test of many.
pub struct Guard(Child);

impl Guard {
    pub fn over(server: &Child) -> Self {
        let mut guard = Command::new("/bin/sh");
        guard.args(["-c", "read -r _; kill -9 $0"]).arg(server.id().to_string());
        // The guard has its own group, so that Ctrl-C does not end it before this process.
        Self(guard.stdin(Stdio::piped()).process_group(0).spawn().unwrap())
    }
}

/// Kills a process and its guard. The guard is killed first, because it must not outlive the process whose pid it knows.
pub fn end(guard: &mut Guard, process: &mut Child) {
    for one in [&mut guard.0, process] {
        let _ = one.kill();
        let _ = one.wait();
    }
}

pub struct Server {
    name: &'static str,
    program: PathBuf,
    words: Vec<String>,
    child: Child,
    guard: Guard,
    /// The port of the HTTP API.
    pub port: u16,
    folder: tempfile::TempDir,
    header: &'static str,
    /// None: the API is not encrypted.
    tls: Option<Arc<rustls::ClientConfig>>,
    ready: Ready,
    /// Whether it runs in the namespaces of a Docker engine.
    contained: bool,
}

/// How a test calls a server.
struct Api {
    port: u16,
    header: &'static str,
    /// None: it is not encrypted.
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Api {
    fn plain(port: u16, header: &'static str) -> Self {
        Self { port, header, tls: None }
    }
}

impl Server {
    /// A Consul that keeps its data in memory.
    pub fn consul() -> Option<Self> {
        Self::consul_with(&json!({}), "")
    }

    /// A Consul with more configuration, and the header that the test's own requests then need.
    pub fn consul_with(more: &Value, header: &'static str) -> Option<Self> {
        let [http, server, lan] = free_ports();
        let ports = json!({
            "http": http, "server": server, "serf_lan": lan,
            "serf_wan": -1, "dns": -1, "grpc": -1, "grpc_tls": -1,
        });
        let mut config = json!({ "bind_addr": "127.0.0.1", "log_level": "warn", "ports": ports });
        for (key, value) in more.as_object().unwrap() {
            match value.as_object().filter(|_| config[key].is_object()) {
                Some(entries) => entries.iter().for_each(|(name, value)| config[key][name] = value.clone()),
                None => config[key] = value.clone(),
            }
        }
        let words = ["agent", "-dev", "-config-file=agent.json"];
        Self::start("consul", &words, &config, Api::plain(http, header), consul_is_ready)
    }

    /// A Nomad with `raw_exec` and the mock driver.
    pub fn nomad() -> Option<Self> {
        Self::nomad_with(&json!({}))
    }

    /// A Nomad that registers services with this Consul.
    pub fn nomad_beside(consul: &Self) -> Option<Self> {
        Self::nomad_with(&json!({ "consul": { "address": format!("127.0.0.1:{}", consul.port) } }))
    }

    /// A Nomad with more configuration.
    pub fn nomad_with(more: &Value) -> Option<Self> {
        Self::nomad_as(more, "", None, nomad_is_ready)
    }

    /// A Nomad whose ports are in its configuration.
    fn nomad_on(http: u16, more: &Value) -> Option<Self> {
        Self::nomad_at(http, more, "", None, nomad_is_ready)
    }

    fn nomad_as(
        more: &Value,
        header: &'static str,
        tls: Option<Arc<rustls::ClientConfig>>,
        ready: Ready,
    ) -> Option<Self> {
        let [http, rpc, serf] = free_ports();
        let mut all = json!({ "ports": { "http": http, "rpc": rpc, "serf": serf } });
        for (key, value) in more.as_object().unwrap() {
            all[key] = value.clone();
        }
        Self::nomad_at(http, &all, header, tls, ready)
    }

    fn nomad_at(
        http: u16,
        more: &Value,
        header: &'static str,
        tls: Option<Arc<rustls::ClientConfig>>,
        ready: Ready,
    ) -> Option<Self> {
        let mut config = json!({
            "client": { "options": client_options() },
            "plugin": { "raw_exec": { "config": { "enabled": true } } },
        });
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        let words = ["agent", "-dev", "-bind=127.0.0.1", "-config=agent.json"];
        Self::start("nomad", &words, &config, Api { port: http, header, tls }, ready)
    }

    /// An unsealed Vault in memory, with a key-value store of version 2 at `secret/`, and [`VAULT_TOKEN`].
    pub fn vault() -> Option<Self> {
        Self::vault_beside(None)
    }

    /// The same, in these namespaces if there are any.
    pub fn vault_beside(namespaces: Option<&Namespaces>) -> Option<Self> {
        let http = free_port();
        let (address, token) =
            (format!("-dev-listen-address=127.0.0.1:{http}"), format!("-dev-root-token-id={VAULT_TOKEN}"));
        let words = ["server", "-dev", "-dev-no-store-token", &address, &token];
        let api = Api::plain(http, VAULT_HEADER);
        Self::start_in(namespaces, "vault", &words, &Value::Null, api, |server| {
            server.get("/v1/secret/config").is_some()
        })
    }

    fn start(name: &'static str, words: &[&str], config: &Value, api: Api, ready: Ready) -> Option<Self> {
        Self::start_in(None, name, words, config, api, ready)
    }

    /// Starts a server, in these namespaces if there are any.
    fn start_in(
        namespaces: Option<&Namespaces>,
        name: &'static str,
        words: &[&str],
        config: &Value,
        Api { port, header, tls }: Api,
        ready: Ready,
    ) -> Option<Self> {
        let mut program = program(name)?;
        let folder = tempfile::tempdir().unwrap();
        let mut config = config.clone();
        if let Some(data) = config.get_mut("data_dir") {
            // Nomad accepts only an absolute path.
            *data = json!(folder.path().join(data.as_str().unwrap()));
        }
        std::fs::write(folder.path().join("agent.json"), config.to_string()).unwrap();
        let mut words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        if let Some(namespaces) = namespaces {
            (program, words) = namespaces.inside(folder.path(), &program, &words);
        }
        let (child, guard) = spawn(&program, &words, folder.path());
        let contained = namespaces.is_some();
        let mut server =
            Self { name, program, words, child, guard, port, folder, header, tls, ready, contained };
        server.wait();
        Some(server)
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(90);
        while !(self.ready)(self) {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
                panic!("{} is not ready, ended {ended:?}:\n{log}", self.name);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The document at a path. None if there is no document, or if nobody answers.
    pub fn get(&self, path: &str) -> Option<Value> {
        let (status, body) = self.exchange("GET", path, self.header, "").ok()?;
        if status == 200 { serde_json::from_str(&body).ok() } else { None }
    }

    fn call_if_there(&self, method: &str, path: &str) -> Option<(u16, String)> {
        self.exchange(method, path, self.header, "").ok()
    }

    /// Sends any other request, and returns the status and the body.
    pub fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.exchange(method, path, self.header, body).unwrap()
    }

    /// Sends a request with another token.
    pub fn call_as(&self, header: &str, method: &str, path: &str, body: &str) -> (u16, String) {
        self.exchange(method, path, header, body).unwrap()
    }

    fn exchange(&self, method: &str, path: &str, header: &str, body: &str) -> std::io::Result<(u16, String)> {
        let plain = TcpStream::connect(("127.0.0.1", self.port))?;
        plain.set_read_timeout(Some(Duration::from_secs(30)))?;
        match &self.tls {
            None => exchange(plain, method, path, header, body),
            Some(tls) => exchange(tls::stream(tls, plain)?, method, path, header, body),
        }
    }
}

/// Sends one request with HTTP/1.0. The connection ends after the answer.
fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    header: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\n{header}Content-Length: {length}");
    write!(stream, "{head}\r\n\r\n{body}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    Ok((status.ok_or(std::io::ErrorKind::InvalidData)?, body.to_owned()))
}

/// The fingerprints of clouds wait for services that are not there, and delay the start. And a Nomad removes containers
/// that it does not know, if they look like those of a Nomad: the tests leave the engine of this machine alone.
fn client_options() -> Value {
    json!({ "fingerprint.denylist": NO_CLOUDS, "driver.denylist": "docker" })
}

fn spawn(program: &Path, words: &[String], folder: &Path) -> (Child, Guard) {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let child = Command::new(program)
        .args(words)
        .current_dir(folder)
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let guard = Guard::over(&child);
    (child, guard)
}

fn consul_is_ready(server: &Server) -> bool {
    server.get("/v1/catalog/nodes").is_some_and(|nodes| nodes[0].is_object())
}

fn nomad_is_ready(server: &Server) -> bool {
    match server.call_if_there("GET", "/v1/nodes") {
        Some((200, nodes)) => nodes.contains("\"Status\":\"ready\""),
        // With ACLs, a request without a token gets 403. The leader is shown to everybody.
        Some((403, _)) => server.get("/v1/status/leader").is_some_and(|leader| leader != ""),
        _ => false,
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.name == "nomad" {
            self.end_tasks();
        }
        self.kill();
        if self.name == "nomad" {
            self.sweep();
        }
    }
}
