//! Errors of locks in Consul.

use std::time::Duration;

use super::payload;
use super::standing::{Doubt, Loss};
use crate::consul::{Entry, Trouble};
use crate::error::{Code, Error, Layer, Phase};
use crate::http::Unusable;
use crate::words::Words;

/// The error for a request to Consul that failed.
pub fn explain(trouble: &Trouble, address: &str, prefix: &str) -> Error {
    let (code, what, remedy) = match trouble {
        Trouble::Unreachable(_) => (
            Code::LockUnreachable,
            "cannot be reached",
            "nothing runs without its lock: start Consul there, or correct infrastructure:settings:lock:address"
                .to_owned(),
        ),
        Trouble::Denied(_) => (
            Code::LockDenied,
            "does not allow this",
            format!(
                "give infrastructure:settings:lock:token a token whose policy has key_prefix \"{prefix}\" write and session_prefix \"\" write"
            ),
        ),
        Trouble::Refused(_) => (
            Code::LockRefused,
            "refused",
            "infrastructure:settings:lock:address must be that of a Consul".to_owned(),
        ),
    };
    host(code, format!("the lock service at {address} {what}: {}", trouble.text()), remedy)
        .because_of(trouble.cause())
}

fn host(code: Code, message: impl Into<Words>, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Host, Phase::Preparation, code, message, remedy)
}

pub fn unusable(address: &str, why: Unusable) -> Error {
    let error = match &why {
        Unusable::File { .. } => host(
            Code::LockTls,
            why.to_string(),
            "correct infrastructure:settings:lock:tls; its files are PEM, readable to the user that runs Salt",
        ),
        _ => host(
            Code::LockUnreachable,
            format!("the lock service at {address} cannot be used: {why}"),
            "correct infrastructure:settings:lock",
        ),
    };
    error.because(why)
}

/// Another process holds the lock, or lost it a moment ago.
pub fn busy(key: &str, entry: &Entry, lock_delay: Duration, waited: Duration) -> Error {
    let (holder, waited) = (payload::read(&entry.value), humantime::format_duration(waited));
    let (message, remedy) = match &entry.session {
        Some(session) => (
            format!("{key} is locked by {holder}; waited {waited}"),
            format!(
                "wait until it ends, or stop it by infrastructure.cancel; if that host is surely dead: infrastructure.unlock {} {} id={session}",
                holder.environment, holder.component
            ),
        ),
        None => (
            format!(
                "{key} was lost by {holder}, and Consul gives it to nobody for up to {} after that; waited {waited}",
                humantime::format_duration(lock_delay)
            ),
            "run again; infrastructure:settings:lock_timeout says how long to wait".to_owned(),
        ),
    };
    host(Code::Locked, Words::own(message), Words::own(remedy))
        .with(serde_json::json!({ "holder": holder, "lock": key, "id": entry.session }))
}

/// The key exists, but it is not a lock by Consul's convention.
pub fn foreign(key: &str) -> Error {
    let message = format!("{key} in Consul is not a lock of ours: its flags are another's");
    let remedy = "find out who writes there, and choose another infrastructure:settings:lock:prefix; or remove that key by hand";
    host(Code::LockForeign, message, remedy).with(serde_json::json!({ "lock": key }))
}

pub fn cancelled(key: &str) -> Error {
    host(Code::Cancelled, format!("stopped while waiting for the lock {key}, as asked"), "run again to go on")
}

pub fn lost(key: &str, loss: &Loss) -> Error {
    let why = match loss {
        Loss::Taken(holder) => format!("it is held by {holder} now"),
        Loss::Freed => "its key was deleted, or freed by hand".to_owned(),
        Loss::Expired => "its session ended, and it could not be taken again in time".to_owned(),
        Loss::Unwatched => "nothing watches over it any more".to_owned(),
    };
    let remedy = "nothing was rolled back: see what is there by infrastructure.plan, then run again";
    host(Code::LockLost, format!("the lock {key} was lost: {why}"), remedy)
        .with(serde_json::json!({ "lock": key }))
}

pub fn unknown(key: &str, address: &str, doubt: &Doubt) -> Error {
    let (why, remedy) = match doubt {
        Doubt::Unreachable(text) => (
            format!("the lock service at {address} cannot be reached: {text}"),
            "nothing new is begun without a lock that is surely held: see to that Consul, then run again",
        ),
        Doubt::Overwritten => (
            "somebody else wrote to its key while we held it".to_owned(),
            "find out who writes there (infrastructure:settings:lock:prefix says where), then run again",
        ),
    };
    host(Code::LockUnknown, format!("whether the lock {key} is still ours is not known: {why}"), remedy)
        .with(serde_json::json!({ "lock": key }))
}
