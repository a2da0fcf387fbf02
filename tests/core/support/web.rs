//! A small HTTP server. The test sets each of its answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// From the number of a request, starting at 1, to the status of its answer. None means no answer.
type Answer = Box<dyn Fn(usize) -> Option<u16> + Send>;

pub struct Web {
    pub port: u16,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub fn new(answer: impl Fn(usize) -> Option<u16> + Send + 'static) -> Self {
        Self::start(answer, None)
    }

    pub fn always(status: u16) -> Self {
        Self::new(move |_| Some(status))
    }

    fn start(answer: impl Fn(usize) -> Option<u16> + Send + 'static, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self {
            port: listener.local_addr().unwrap().port(),
            answer: Arc::new(Mutex::new(Box::new(answer))),
            asked: Arc::default(),
        };
        let (answer, asked) = (web.answer.clone(), web.asked.clone());
        // The thread ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, asked, tls) = (answer.clone(), asked.clone(), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(stream, &answer, &asked),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(connection, stream), &answer, &asked);
                    }
                });
            }
        });
        web
    }

    /// A server with a certificate for 127.0.0.1 from its own authority, `ca.pem` in `folder`. None, with a message, if
    /// there is no openssl to make it.
    pub fn encrypted(folder: &Path, status: u16) -> Option<Self> {
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command.args(arguments.split(' ')).current_dir(folder).stdin(Stdio::null());
            command.output().map(|done| assert!(done.status.success(), "{arguments}: {done:?}"))
        };
        if openssl("version").is_err() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "openssl is missing");
            eprintln!("SKIPPED, missing: openssl");
            return None;
        }
        std::fs::write(folder.join("san"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        for step in [
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=authority -days 2",
            "req -newkey rsa:2048 -nodes -keyout web.key -out web.csr -subj /CN=web",
            "x509 -req -in web.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile san -out web.pem -days 2",
        ] {
            openssl(step).unwrap();
        }
        let certificate = CertificateDer::from_pem_file(folder.join("web.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("web.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Some(Self::start(move |_| Some(status), Some(Arc::new(config))))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn answers_now(&self, status: u16) {
        *self.answer.lock().unwrap() = Box::new(move |_| Some(status));
    }

    /// All requests so far, with heads and bodies.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Serves one request of a connection.
fn serve(stream: impl Read + Write, answer: &Mutex<Answer>, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or_default() == 0 {
            return;
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    head.push_str(&String::from_utf8_lossy(&body));
    let number = {
        let mut asked = asked.lock().unwrap();
        asked.push(head);
        asked.len()
    };
    let status = answer.lock().unwrap()(number);
    match status {
        Some(status) => {
            let text = format!(
                "HTTP/1.1 {status} -\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = reader.get_mut().write_all(text.as_bytes());
        }
        // Waits until the other side closes the connection.
        None => drop(reader.read_line(&mut String::new())),
    }
}
