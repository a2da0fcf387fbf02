//! Takes the lock away from its holder, as Consul, another client or a busy host may do.

use std::process::Child;
use std::time::{Duration, Instant};

use base64::Engine;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::turns::{COMPONENT, ENVIRONMENT, PREFIX, now};
use crate::support::draw::Draw;
use crate::support::server::Server;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The holder is stopped and its session is ended. It continues when another process holds the lock.
    Ended,
    /// The holder is stopped until its session has expired and another process holds the lock.
    Expired,
    Deleted,
    Overwritten,
    /// Consul is killed and started again.
    Restarted,
}

impl Loss {
    pub const ALL: [Self; 5] =
        [Self::Ended, Self::Expired, Self::Deleted, Self::Overwritten, Self::Restarted];
}

/// The wanted number of each loss.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub ended: u64,
    pub expired: u64,
    pub deleted: u64,
    pub overwritten: u64,
    pub restarted: u64,
}

impl Wanted {
    pub fn of(&self, loss: Loss) -> u64 {
        match loss {
            Loss::Ended => self.ended,
            Loss::Expired => self.expired,
            Loss::Deleted => self.deleted,
            Loss::Overwritten => self.overwritten,
            Loss::Restarted => self.restarted,
        }
    }
}

/// A loss that took place.
#[derive(Debug)]
pub struct Brought {
    pub loss: Loss,
    /// The process that had the lock.
    pub pid: u32,
    /// The time at which the process continued, if it was stopped.
    pub at: Duration,
}

pub fn count(losses: &[Brought]) -> String {
    let of = |loss: Loss| losses.iter().filter(|one| one.loss == loss).count();
    let all: Vec<_> = Loss::ALL.iter().map(|loss| format!("{loss:?} {}", of(*loss))).collect();
    all.join(", ")
}

/// Brings about each loss as often as wanted, in a random order. A loss that came too late is tried again. Ends early
/// if every process has exited.
pub fn bring_about(consul: &mut Server, processes: &[Child], wanted: Wanted, mut draw: Draw) -> Vec<Brought> {
    let mut deck: Vec<Loss> =
        Loss::ALL.into_iter().flat_map(|loss| (0..wanted.of(loss)).map(move |_| loss)).collect();
    for at in (1..deck.len()).rev() {
        deck.swap(at, draw.below(at as u64 + 1) as usize);
    }
    let goes_on = || processes.iter().any(|process| !is_gone(process));
    let mut brought = Vec::new();
    for loss in deck {
        std::thread::sleep(Duration::from_millis(100 + draw.below(200)));
        while let Some(held) = holder(consul, &goes_on) {
            if let Some(at) = bring(consul, loss, &held) {
                brought.push(Brought { loss, pid: held.pid, at });
                break;
            }
        }
    }
    brought
}

fn is_gone(process: &Child) -> bool {
    crate::support::killed::is_gone(&serde_json::json!({ "pid": process.id() }))
}

/// Returns the time at which the holder continued. None if it released the lock before the loss.
fn bring(consul: &mut Server, loss: Loss, held: &Held) -> Option<Duration> {
    let key = format!("/v1/kv/{}?cas={}", key(), held.index);
    match loss {
        Loss::Deleted => (consul.call("DELETE", &key, "").1 == "true").then(now),
        Loss::Overwritten => (consul.call("PUT", &key, "mine").1 == "true").then(now),
        Loss::Restarted => {
            consul.restart();
            Some(now())
        }
        Loss::Ended | Loss::Expired => {
            let stopped = Stopped::new(held.pid);
            // Checks that it was stopped while it held the lock.
            entry(consul).filter(|now| now.index == held.index)?;
            if loss == Loss::Ended {
                consul.call("PUT", &format!("/v1/session/destroy/{}", held.session), "");
            }
            let deadline = Instant::now() + Duration::from_secs(90);
            while entry(consul).is_none_or(|now| now.session.is_empty() || now.pid == held.pid) {
                assert!(Instant::now() < deadline, "nobody took the lock of {}", held.pid);
                std::thread::sleep(Duration::from_millis(20));
            }
            let at = now();
            drop(stopped);
            Some(at)
        }
    }
}

/// A stopped process. It continues when this is dropped.
struct Stopped(Pid);

impl Stopped {
    fn new(pid: u32) -> Self {
        let pid = Pid::from_raw(pid as i32).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}

struct Held {
    pid: u32,
    session: String,
    index: u64,
}

fn key() -> String {
    format!("{PREFIX}/{ENVIRONMENT}/{COMPONENT}/lock")
}

/// Waits until a process holds the lock.
fn holder(consul: &Server, goes_on: &dyn Fn() -> bool) -> Option<Held> {
    loop {
        match entry(consul) {
            Some(held) if !held.session.is_empty() && held.pid != 0 => return Some(held),
            _ if !goes_on() => return None,
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn entry(consul: &Server) -> Option<Held> {
    let entry = consul.get(&format!("/v1/kv/{}?consistent", key()))?[0].take();
    let value = base64::engine::general_purpose::STANDARD.decode(entry["Value"].as_str()?).ok()?;
    let value: Value = serde_json::from_slice(&value).unwrap_or_default();
    Some(Held {
        pid: value["pid"].as_u64().unwrap_or_default() as u32,
        session: entry["Session"].as_str().unwrap_or_default().to_owned(),
        index: entry["ModifyIndex"].as_u64()?,
    })
}
