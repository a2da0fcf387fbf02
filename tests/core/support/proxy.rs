//! A proxy between Eos and a server. It records requests, and disturbs them if the test wants that.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    Pass,
    /// Closes open and new connections.
    Cut,
    /// Answers every request with this text, instead of the server.
    Answer(&'static str),
    /// Answers the next request with this text, instead of the server, and passes the following ones.
    Once(&'static str),
    /// Passes requests until the next one that contains the first text, and answers all following ones with the second.
    AnswerAfter(&'static str, &'static str),
    /// Passes the next request that contains this text but drops its answer. Passes the following ones.
    Unanswered(&'static str),
    /// Replaces the first text with the second in the server's answers. Both have the same length.
    Replace(&'static str, &'static str),
}

pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: u16,
    mode: Mutex<Mode>,
    asked: Mutex<Vec<(Instant, String)>>,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            target,
            mode: Mutex::new(Mode::Pass),
            asked: Mutex::default(),
            open: Mutex::default(),
        });
        let serving = shared.clone();
        // The thread ends with the test's process. If the proxy's owner is gone, no requests arrive.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = serving.clone();
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { port, shared }
    }

    pub fn set(&self, mode: Mode) {
        self.shared.set_mode(mode);
        if !matches!(mode, Mode::Pass | Mode::Unanswered(_) | Mode::AnswerAfter(..)) {
            for stream in self.shared.open.lock().unwrap().drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// Times and first lines of the requests whose first line contains `part`. A closed connection has the line "cut".
    pub fn asked(&self, part: &str) -> Vec<(Instant, String)> {
        self.shared.asked.lock().unwrap().iter().filter(|(_, line)| line.contains(part)).cloned().collect()
    }
}

impl Shared {
    fn note(&self, line: &str) {
        self.asked.lock().unwrap().push((Instant::now(), line.to_owned()));
    }

    fn set_mode(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    fn mode(&self) -> Mode {
        *self.mode.lock().unwrap()
    }

    fn serve(self: Arc<Self>, client: TcpStream) {
        if self.mode() == Mode::Cut {
            self.note("cut");
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.target)) else { return };
        let clone = |stream: &TcpStream| stream.try_clone().unwrap();
        self.open.lock().unwrap().extend([clone(&client), clone(&server)]);
        let silenced = Arc::new(AtomicBool::new(false));
        let silent = silenced.clone();
        let (answers_to, answers_from, backwards) = (clone(&client), clone(&server), self.clone());
        thread::spawn(move || {
            backwards.pump(answers_from, answers_to, |text| match backwards.mode() {
                _ if silent.load(Ordering::SeqCst) => None,
                Mode::Replace(old, new) => Some(text.replace(old, new)),
                _ => Some(text),
            })
        });
        let aside = clone(&client);
        self.clone().pump(client, server, |text| {
            for line in text.lines().filter(|line| line.ends_with(" HTTP/1.1")) {
                self.note(line);
                if let Mode::AnswerAfter(part, answer) = self.mode()
                    && line.contains(part)
                {
                    self.set_mode(Mode::Answer(answer));
                    continue;
                }
                if matches!(self.mode(), Mode::Unanswered(part) if line.contains(part)) {
                    silenced.store(true, Ordering::SeqCst);
                    self.set_mode(Mode::Pass);
                }
                if let mode @ (Mode::Answer(answer) | Mode::Once(answer)) = self.mode() {
                    if matches!(mode, Mode::Once(_)) {
                        self.set_mode(Mode::Pass);
                    }
                    let _ = (&aside).write_all(answer.as_bytes());
                    return None;
                }
            }
            Some(text)
        });
    }

    /// Copies data. On loopback and in these sizes, each write arrives as one read.
    fn pump(&self, mut from: TcpStream, mut to: TcpStream, edit: impl Fn(String) -> Option<String>) {
        let mut buffer = [0; 65536];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if self.mode() == Mode::Cut {
                break;
            }
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            let Some(edited) = edit(text.clone()) else { continue };
            // If nothing changed, the original bytes are sent, because they may be compressed and not text.
            let bytes = if edited == text { &buffer[..count] } else { edited.as_bytes() };
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
