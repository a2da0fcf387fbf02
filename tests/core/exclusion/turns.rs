//! Processes that write one record in turn. Each takes the lock as a run of Eos takes its component's lock.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use eos::error::Code;
use eos::lock::{Holder, LockGuard, LockService};
use eos::model::{ConsulLock, LockSettings, Tls};
use eos::process::Cancel;
use serde_json::{Value, json};

use crate::support::again;
use crate::support::draw::Draw;

pub const ENVIRONMENT: &str = "staging";
pub const COMPONENT: &str = "net";
pub const PREFIX: &str = "turns";
/// The pause after a refusal, before the turn is repeated.
const PAUSE: Duration = Duration::from_millis(20);

/// One step in the log of a process.
#[derive(Debug)]
pub struct Step {
    pub pid: u32,
    /// CLOCK_MONOTONIC, which is the same for all processes.
    pub at: Duration,
    pub event: String,
    /// The written number, if there is one.
    pub number: u64,
    pub code: String,
}

/// While this file exists, no process ends.
const GOES_ON: &str = "goes-on";

pub struct Table {
    folder: tempfile::TempDir,
    /// The port of a Consul; without one, the lock is a file.
    consul: Option<u16>,
}

impl Table {
    pub fn new(consul: Option<u16>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), consul }
    }

    /// Processes that are started from now on take turns until [`Self::enough`], also beyond their rounds.
    pub fn go_on(&self) {
        std::fs::write(self.folder.path().join(GOES_ON), "").unwrap();
    }

    pub fn enough(&self) {
        std::fs::remove_file(self.folder.path().join(GOES_ON)).unwrap();
    }

    pub fn start(&self, processes: usize, rounds: u64) -> Vec<Child> {
        let start = |index: usize| {
            // As on different hosts, which share only Consul's lock.
            let lock = if self.consul.is_some() { format!("lock-{index}") } else { "lock".to_owned() };
            let told = json!({
                "folder": self.folder.path(), "lock": lock, "consul": self.consul, "rounds": rounds, "index": index,
                "parent": std::process::id(),
            });
            again(super::a_process_that_takes_turns)
                .arg("--nocapture")
                .env("EOS_TEST_TOLD", told.to_string())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        };
        (0..processes).map(start).collect()
    }

    /// All steps of all processes, sorted by time.
    pub fn story(&self) -> Vec<Step> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut steps: Vec<Step> = files
            .filter(|path| path.extension().is_some_and(|kind| kind == "steps"))
            .flat_map(|path| {
                let text = std::fs::read_to_string(path).unwrap();
                text.lines().map(|line| step(&serde_json::from_str(line).unwrap())).collect::<Vec<_>>()
            })
            .collect();
        steps.sort_by_key(|step| step.at);
        steps
    }

    /// The number in the record.
    pub fn record(&self) -> u64 {
        let service = service(self.consul);
        run(async { read(&service, &self.folder.path().join("record")).await.unwrap() })
    }
}

fn step(line: &Value) -> Step {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    Step {
        pid: line["pid"].as_u64().unwrap() as u32,
        at: Duration::from_nanos(line["at"].as_u64().unwrap()),
        event: text("event"),
        number: line["number"].as_u64().unwrap_or_default(),
        code: text("code"),
    }
}

pub fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The time since a moment that is the same for all processes of this boot.
#[expect(unsafe_code, reason = "rustix has this clock behind a feature that nothing else needs")]
pub fn now() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes only to the timespec of this function.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn service(consul: Option<u16>) -> LockService {
    let lock = match consul {
        None => LockSettings::File,
        Some(port) => LockSettings::Consul(Box::new(ConsulLock {
            address: format!("http://127.0.0.1:{port}"),
            token: None,
            ttl: Duration::from_secs(10),
            lock_delay: Duration::from_secs(1),
            prefix: PREFIX.to_owned(),
            tls: Tls::default(),
        })),
    };
    LockService::open(&lock, None).unwrap()
}

struct Player {
    told: Value,
    folder: PathBuf,
    service: LockService,
    log: std::fs::File,
    draw: Draw,
}

/// The other half of [`Table::start`].
pub fn take_as_told() {
    let Some(told) = std::env::var_os("EOS_TEST_TOLD") else { return };
    let told: Value = serde_json::from_str(told.to_str().unwrap()).unwrap();
    let folder = PathBuf::from(told["folder"].as_str().unwrap());
    let index = told["index"].as_u64().unwrap();
    let log = folder.join(format!("{index}.steps"));
    let log = OpenOptions::new().append(true).create(true).open(log).unwrap();
    let service = service(told["consul"].as_u64().map(|port| port as u16));
    let rounds = told["rounds"].as_u64().unwrap();
    let mut player = Player { told, folder, service, log, draw: Draw::new(index, 0) };
    run(async {
        let mut done = 0;
        while done < rounds || player.goes_on() {
            while let Err(code) = player.turn().await {
                player.note("refused", 0, code.as_str());
                tokio::time::sleep(PAUSE).await;
            }
            done += 1;
        }
        player.note("done", done, "");
    });
}

impl Player {
    /// Whether the test wants more turns. If the test has died, it wants none.
    fn goes_on(&self) -> bool {
        let parent = u64::from(std::os::unix::process::parent_id());
        self.told["parent"] == parent && self.folder.join(GOES_ON).exists()
    }

    fn note(&mut self, event: &str, number: u64, code: &str) {
        let at = now().as_nanos() as u64;
        let line =
            json!({ "at": at, "pid": std::process::id(), "event": event, "number": number, "code": code });
        self.log.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Reads the record, waits, and writes the next number. Fails with the code of the error that prevented it.
    async fn turn(&mut self) -> Result<(), Code> {
        let holder = Holder {
            run_id: format!("{}-{}", std::process::id(), self.draw.below(u64::MAX)),
            environment: ENVIRONMENT.to_owned(),
            component: COMPONENT.to_owned(),
            operation: "turn".to_owned(),
            ..Holder::here()
        };
        let lock = self.folder.join(self.told["lock"].as_str().unwrap());
        let patience = Duration::from_secs(120);
        let guard = self.service.acquire(&lock, &holder, patience, &Cancel::new()).await;
        let guard = guard.map_err(|error| error.code)?;
        self.note("enter", 0, "");
        // A second proof in addition to the clock.
        let marker = self.folder.join("inside");
        if OpenOptions::new().write(true).create_new(true).open(&marker).is_err() {
            self.note("met", 0, "");
        }
        let written = self.write(&guard).await;
        let _ = std::fs::remove_file(&marker);
        match written {
            Ok(number) => self.note("wrote", number, ""),
            Err(code) => self.note("lost", 0, code.as_str()),
        }
        // If the lock was lost, there is nothing to release.
        let released = guard.release().await;
        released.map_err(|error| error.code).and(written.map(drop))
    }

    async fn write(&mut self, guard: &LockGuard) -> Result<u64, Code> {
        let path = self.folder.join("record");
        let number = match read(&self.service, &path).await {
            Ok(number) => number + 1,
            // The process was stopped in the middle of the answer. It matters whether it still holds the lock.
            Err(error) => return Err(guard.fence().await.err().unwrap_or(error).code),
        };
        let dwell = if guard.consul().is_some() { 5 + self.draw.below(30) } else { self.draw.below(4) };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(dwell)) => {}
            error = guard.lost() => return Err(error.code),
        }
        match guard.consul() {
            Some(consul) => {
                consul.write("record", number.to_string().as_bytes()).await.map_err(|error| error.code)?
            }
            None => {
                guard.fence().await.map_err(|error| error.code)?;
                std::fs::write(path, number.to_string()).unwrap();
            }
        }
        Ok(number)
    }
}

async fn read(service: &LockService, path: &std::path::Path) -> eos::error::Result<u64> {
    let text = match service {
        LockService::File => std::fs::read(path).ok(),
        LockService::Consul(consul) => consul.read(ENVIRONMENT, COMPONENT, "record").await?,
    };
    Ok(text.map_or(0, |text| String::from_utf8(text).unwrap().parse().unwrap()))
}
