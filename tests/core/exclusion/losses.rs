//! Takes the lock away from whoever has it: as Consul, a third party or a busy host may.

use std::process::Child;
use std::time::{Duration, Instant};

use base64::Engine;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::draw::Draw;
use crate::server::Server;
use crate::turns::{COMPONENT, ENVIRONMENT, PREFIX, now};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The holder is stopped and its session ended; it goes on when another holds the lock.
    Ended,
    /// The holder is stopped until its session has run out and another holds the lock.
    Expired,
    Deleted,
    Overwritten,
    /// Consul is killed, and started again.
    Restarted,
}

impl Loss {
    pub const ALL: [Self; 5] =
        [Self::Ended, Self::Expired, Self::Deleted, Self::Overwritten, Self::Restarted];
}

/// How many of each there are to be.
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

/// A loss that came about.
#[derive(Debug)]
pub struct Brought {
    pub loss: Loss,
    /// Who had the lock.
    pub pid: u32,
    /// When it went on, where it was stopped.
    pub at: Duration,
}

pub fn count(losses: &[Brought]) -> String {
    let of = |loss: Loss| losses.iter().filter(|one| one.loss == loss).count();
    let all: Vec<_> = Loss::ALL.iter().map(|loss| format!("{loss:?} {}", of(*loss))).collect();
    all.join(", ")
}

/// In a drawn order, as long as anybody takes turns.
pub fn bring_about(consul: &mut Server, processes: &[Child], wanted: Wanted, mut draw: Draw) -> Vec<Brought> {
    let mut deck: Vec<Loss> =
        Loss::ALL.into_iter().flat_map(|loss| (0..wanted.of(loss)).map(move |_| loss)).collect();
    for at in (1..deck.len()).rev() {
        deck.swap(at, draw.below(at as u64 + 1) as usize);
    }
    let rounds = || processes.iter().any(|process| !is_gone(process));
    let mut brought = Vec::new();
    for loss in deck {
        if !rounds() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100 + draw.below(200)));
        brought.extend(bring(consul, loss, &rounds));
    }
    brought
}

fn is_gone(process: &Child) -> bool {
    crate::killed::is_gone(&serde_json::json!({ "pid": process.id() }))
}

/// None where the moment passed.
fn bring(consul: &mut Server, loss: Loss, goes_on: &dyn Fn() -> bool) -> Option<Brought> {
    let held = holder(consul, goes_on)?;
    let brought = |at| Some(Brought { loss, pid: held.pid, at });
    let key = format!("/v1/kv/{}", key());
    match loss {
        Loss::Deleted => {
            let (_, done) = consul.call("DELETE", &format!("{key}?cas={}", held.index), "");
            brought(now()).filter(|_| done == "true")
        }
        Loss::Overwritten => {
            let (_, done) = consul.call("PUT", &format!("{key}?cas={}", held.index), "mine");
            brought(now()).filter(|_| done == "true")
        }
        Loss::Restarted => {
            consul.restart();
            brought(now())
        }
        Loss::Ended | Loss::Expired => {
            let pid = Pid::from_raw(held.pid as i32).unwrap();
            kill_process(pid, Signal::STOP).unwrap();
            let here = entry(consul).filter(|now| now.index == held.index);
            if here.is_some() && loss == Loss::Ended {
                consul.call("PUT", &format!("/v1/session/destroy/{}", held.session), "");
            }
            // It held it when it stopped: it goes on when another does.
            let deadline = Instant::now() + Duration::from_secs(90);
            while here.is_some()
                && entry(consul).is_none_or(|now| now.session.is_empty() || now.pid == held.pid)
            {
                assert!(Instant::now() < deadline, "nobody took the lock of {}", held.pid);
                std::thread::sleep(Duration::from_millis(20));
            }
            let at = now();
            kill_process(pid, Signal::CONT).unwrap();
            here.and_then(|_| brought(at))
        }
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

/// Waits for somebody to hold it.
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
