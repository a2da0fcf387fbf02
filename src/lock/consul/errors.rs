//! Errors of locks in Consul.

use std::time::Duration;

use super::payload;
use super::state::{LostReason, UnknownReason};
use crate::command_line::command;
use crate::consul::{ConsulError, KvEntry};
use crate::error::{Code, Error, Layer, Phase};
use crate::http::ClientError;
use crate::words::{Words, words};

/// The error for a request to Consul that failed.
pub fn explain(error: &ConsulError, address: &str, prefix: &str) -> Error {
    let (code, what, remedy) = match error {
        ConsulError::Unreachable(unavailable) => (
            Code::LockUnreachable,
            "cannot be reached",
            unavailable.remedy(
                "infrastructure:settings:lock",
                "nothing runs without a lock. Start Consul there, or correct \
                 infrastructure:settings:lock:address",
            ),
        ),
        ConsulError::Denied(_) => (
            Code::LockDenied,
            "denies access",
            format!(
                "set infrastructure:settings:lock:token to a token whose policy has key_prefix \"{prefix}\" \
                 write and session_prefix \"\" write"
            ),
        ),
        ConsulError::Refused(_) => (
            Code::LockRefused,
            "refused",
            "infrastructure:settings:lock:address must be that of a Consul".to_owned(),
        ),
    };
    host(code, format!("the lock service at {address} {what}: {}", error.text()), remedy)
        .because_of(error.cause())
}

fn host(code: Code, message: impl Into<Words>, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Host, Phase::Preparation, code, message, remedy)
}

pub fn unusable(address: &str, why: ClientError) -> Error {
    let error = match &why {
        ClientError::File { .. } => host(
            Code::LockTls,
            why.to_string(),
            "correct infrastructure:settings:lock:tls; its files must be PEM and readable by the user that \
             runs Salt",
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
pub fn busy(key: &str, entry: &KvEntry, lock_delay: Duration, waited: Duration) -> Error {
    let (holder, waited) = (payload::read(&entry.value), humantime::format_duration(waited));
    let (message, remedy) = match &entry.session {
        Some(session) => (
            format!("{key} is locked by {holder}; waited {waited}"),
            words![
                "wait until it ends, or stop it with ",
                holder.cancelled_by(),
                "; if that host is dead for certain: ",
                command("unlock")
                    .of(&holder.environment)
                    .with("component", &holder.component)
                    .with("id", session)
            ],
        ),
        None => (
            format!(
                "{holder} lost {key}, and Consul gives it to nobody for up to {} after that; waited {waited}",
                humantime::format_duration(lock_delay)
            ),
            "run again; infrastructure:settings:lock_timeout sets how long to wait".into(),
        ),
    };
    host(Code::Locked, Words::own(message), remedy)
        .with(serde_json::json!({ "holder": holder, "lock": key, "id": entry.session }))
}

/// The key exists, but it is not a lock by Consul's convention.
pub fn foreign(key: &str) -> Error {
    let message = format!("{key} in Consul is not a lock of Eos: another program set its flags");
    let remedy = "find the program that writes this key and choose another \
                  infrastructure:settings:lock:prefix; or delete the key by hand";
    host(Code::LockForeign, message, remedy).with(serde_json::json!({ "lock": key }))
}

pub fn cancelled(key: &str) -> Error {
    host(
        Code::Cancelled,
        format!("stopped on request while waiting for the lock {key}"),
        "run again to continue",
    )
}

/// `suspended`: how long this process did not run, and the TTL that it outlived so.
pub fn lost(key: &str, loss: &LostReason, suspended: Option<(Duration, Duration)>) -> Error {
    let why = match loss {
        LostReason::Taken(holder) => format!("{holder} holds it now"),
        LostReason::Freed => "its key was deleted, or the lock was released by hand".to_owned(),
        LostReason::Expired => {
            "its session ended, and the lock could not be acquired again in time".to_owned()
        }
        LostReason::Unwatched => "its renewal has ended".to_owned(),
    };
    let seconds = |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs()));
    let (cause, advice) = match suspended {
        Some((suspended, ttl)) => (
            format!(
                "this process did not run for {}, longer than the lock's ttl of {}; ",
                seconds(suspended),
                seconds(ttl)
            ),
            ". Find out who stopped it: a signal (SIGSTOP), a suspended or an overloaded host",
        ),
        None => (String::new(), ""),
    };
    let remedy = words![
        "nothing was rolled back: check the current state with ",
        command("plan").here(),
        ", then run again",
        advice
    ];
    host(Code::LockLost, format!("the lock {key} was lost: {cause}{why}"), remedy)
        .with(serde_json::json!({ "lock": key }))
}

pub fn unknown(key: &str, address: &str, doubt: &UnknownReason) -> Error {
    let (why, remedy) = match doubt {
        UnknownReason::Unreachable(text) => (
            format!("the lock service at {address} cannot be reached: {text}"),
            "no new work starts unless the lock is certainly held. Repair that Consul, then run again",
        ),
        UnknownReason::Overwritten => (
            "another program wrote to its key while this run held it".to_owned(),
            "find the program that writes below infrastructure:settings:lock:prefix, then run again",
        ),
    };
    host(
        Code::LockUnknown,
        format!("could not verify that this run still holds the lock {key}: {why}"),
        remedy,
    )
    .with(serde_json::json!({ "lock": key }))
}
