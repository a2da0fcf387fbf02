//! A server for Terraform's http backend: one state in memory, its lock, and writes refused on demand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Kept {
    state: Option<Vec<u8>>,
    lock: Option<Vec<u8>>,
    /// The number of next writes that are refused.
    refused: u32,
}

pub struct HttpBackend {
    port: u16,
    kept: Arc<Mutex<Kept>>,
}

impl HttpBackend {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let shared = kept.clone();
        // The thread ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(&stream.unwrap(), &shared));
            }
        });
        Self { port, kept }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/state", self.port)
    }

    pub fn refuse_writes(&self, times: u32) {
        self.kept.lock().unwrap().refused = times;
    }

    pub fn state(&self) -> String {
        String::from_utf8(self.kept.lock().unwrap().state.clone().unwrap_or_default()).unwrap()
    }

    /// Takes the lock, as another terraform does.
    pub fn hold(&self) {
        let holder =
            serde_json::json!({ "ID": "another", "Who": "another", "Operation": "OperationTypeApply" });
        self.kept.lock().unwrap().lock = Some(holder.to_string().into_bytes());
    }

    /// The lock's holder, as Terraform wrote it.
    pub fn lock(&self) -> Option<serde_json::Value> {
        self.kept.lock().unwrap().lock.as_ref().map(|lock| serde_json::from_slice(lock).unwrap())
    }
}

/// Serves one request of a connection.
fn serve(stream: &TcpStream, kept: &Mutex<Kept>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        head.push(line.to_lowercase());
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let method = head[0].split(' ').next().unwrap().to_owned();
    let (status, answer) = answer(&method, body, &mut kept.lock().unwrap());
    let head =
        format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
    let _ = (&mut &*stream).write_all(&[head.as_bytes(), &answer].concat());
}

fn answer(method: &str, body: Vec<u8>, kept: &mut Kept) -> (u16, Vec<u8>) {
    match method {
        "get" => kept.state.clone().map_or((404, Vec::new()), |state| (200, state)),
        "lock" => match &kept.lock {
            Some(held) => (423, held.clone()),
            None => {
                kept.lock = Some(body);
                (200, Vec::new())
            }
        },
        "unlock" => {
            kept.lock = None;
            (200, Vec::new())
        }
        // A 4xx, because Terraform repeats the request after a 5xx.
        _ if kept.refused > 0 => {
            kept.refused -= 1;
            (403, Vec::new())
        }
        _ => {
            kept.state = Some(body);
            (200, Vec::new())
        }
    }
}
