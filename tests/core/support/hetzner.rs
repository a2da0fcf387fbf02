//! Hetzner's API for one test (`tests/servers/hetzner`), and the real provider that talks to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::Site;
use super::server::got;

/// The provider wants 64 letters.
pub const TOKEN: &str = "s3cret-of-hetzner-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";

pub struct Hetzner {
    port: u16,
    mirror: PathBuf,
    process: Child,
}

impl Hetzner {
    /// None, with a message, if the provider cannot be built; with `CI=true` this is a failure.
    pub fn new() -> Option<Self> {
        let mirror = got("tests/providers/get", "hcloud")?;
        let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/hetzner");
        // The server ends when its stdin is closed, also if the test is killed.
        let mut process = Command::new("python3")
            .args(["-B".as_ref(), server.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { port: line.trim().parse().unwrap(), mirror, process })
    }

    /// A site whose terraform has the provider and talks to this server.
    pub fn site(&self) -> Site {
        let mut site = Site::new();
        let installation = site.folder.path().join("hcloud.tfrc");
        let mirror = json!(self.mirror);
        let text =
            format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n");
        std::fs::write(&installation, text).unwrap();
        let token = site.folder.path().join("token");
        std::fs::write(&token, TOKEN).unwrap();
        site.infrastructure["settings"]["terraform"] = json!({
            "cli_config_file": installation,
            "env": { "HCLOUD_ENDPOINT": format!("http://127.0.0.1:{}/v1", self.port) },
        });
        let token = format!("file:{}", token.display());
        site.infrastructure["settings"]["credentials"] = json!({ "hcloud": token });
        site
    }

    /// Changes the server: `limit`, `failures`, `polls`, `forget`. Returns what it was asked, and what it has.
    pub fn control(&self, change: Value) -> Value {
        self.request("PATCH", "/control", &change)
    }

    /// The requests since the last `forget`: `POST /servers 201`.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.control(json!({}))["asked"].take();
        serde_json::from_value(asked).unwrap()
    }

    /// All objects of a kind, such as `servers`.
    pub fn found(&self, kind: &str) -> Vec<Value> {
        serde_json::from_value(self.control(json!({}))["found"][kind].take()).unwrap()
    }

    /// What a person makes. Returns the answer.
    pub fn make(&self, kind: &str, object: Value) -> Value {
        self.request("POST", &format!("/v1/{kind}"), &object)
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let body = body.to_string();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let mut answer = String::new();
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap()
    }
}

impl Drop for Hetzner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A component of this repository.
pub fn component(name: &str) -> Value {
    json!(Path::new(env!("CARGO_MANIFEST_DIR")).join("salt/components").join(name))
}
