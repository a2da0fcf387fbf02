//! moto's S3 server as a process: a backend whose lock is an object that remains after a kill.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::ports::free_port;

const BUCKET: &str = "eos-state";
const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIAEOSTESTEOSTEST00"), ("AWS_SECRET_ACCESS_KEY", "s3cret-of-moto")];

pub struct Moto {
    port: u16,
    process: Child,
}

impl Moto {
    /// None, with a message, if there is no moto_server on PATH or in .venv/moto, where `make test` installs it.
    pub fn new() -> Option<Self> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/moto/bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).chain([own]).collect();
        let Some(program) =
            folders.iter().map(|folder| folder.join("moto_server")).find(|file| file.is_file())
        else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "moto_server is missing");
            eprintln!("SKIPPED, missing: moto_server");
            return None;
        };
        let port = free_port();
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { port, process };
        super::killed::until("moto_server makes a bucket", || moto.make_bucket());
        Some(moto)
    }

    /// The value of `settings:backend`.
    pub fn backend(&self) -> Value {
        json!({
            "type": "s3", "bucket": BUCKET, "region": "us-east-1", "use_lockfile": true, "use_path_style": true,
            "endpoints": { "s3": format!("http://127.0.0.1:{}", self.port) },
            "skip_credentials_validation": true, "skip_region_validation": true,
            "skip_requesting_account_id": true, "skip_metadata_api_check": true,
        })
    }

    /// The value of `settings:terraform:env`, also for a terraform that the test runs itself.
    pub fn keys(&self) -> [(&'static str, &'static str); 2] {
        KEYS
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// One call of an API that takes a form.
    pub fn post(&self, service: &str, form: &str) {
        assert!(self.request("POST", "/", service, form), "{service}: {form}");
    }

    fn make_bucket(&self) -> bool {
        self.request("PUT", &format!("/{BUCKET}"), "s3", "")
    }

    fn request(&self, method: &str, path: &str, service: &str, form: &str) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let credential =
            format!("AWS4-HMAC-SHA256 Credential={}/x/us-east-1/{service}/aws4_request", KEYS[0].1);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {credential}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        );
        let mut answer = String::new();
        stream.write_all(request.as_bytes()).is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
