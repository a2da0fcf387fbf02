//! Terraform's own state locks that a killed terraform did not release.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::FlockOperation;
use serde_json::{Value, json};

use crate::decide::{self, BackendLock, KilledTerraform, LockKeptReason};
use crate::error::{Error, Phase, Result};
use crate::lock::Holder;
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, manual_commands};
use crate::record::BackendLockMarker;
use crate::terraform;
use crate::words::words;
use crate::workdir::{self, ComponentPaths, remove};

/// Removes the lock file of a killed terraform beside a local state. A running terraform also locks the state itself.
pub(super) fn remove_local(paths: &ComponentPaths, state: &Path) -> Result<Option<String>> {
    let path = paths.lock_info();
    let Some(text) = workdir::read(&path)? else {
        return Ok(None);
    };
    let locked =
        |file: fs::File| rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_err();
    let info: Value = serde_json::from_slice(&text).unwrap_or_default();
    let word = |key: &str| info[key].as_str().unwrap_or("unknown").to_owned();
    let holder = match info.is_object() {
        true => format!("{} ({}, since {})", word("Who"), word("Operation"), word("Created")),
        // For example, the disk was full.
        false => "it could not write its name there".to_owned(),
    };
    if fs::OpenOptions::new().read(true).write(true).open(state).is_ok_and(locked) {
        return Ok(Some(format!(
            "another terraform, which is not from this run, locks the local state: {holder}"
        )));
    }
    remove(&path)?;
    Ok(Some(format!("removed the lock of a dead terraform on the local state: {holder}")))
}

/// Releases a remote backend's lock if its holder is proved dead, and reports it.
pub(super) async fn release(invoker: &Invoker<'_>, locked: Error) -> Result<String> {
    let lock = &locked.details["lock"];
    let id = lock["id"].as_str().unwrap_or_default().to_owned();
    if invoker.context.state().is_some() || id.is_empty() {
        return Err(locked);
    }
    let who = lock["who"].as_str().map(str::to_owned);
    let created = lock["created"].as_str().and_then(printed_time);
    let backend_lock = BackendLock { who, created };
    let killed = dead(&invoker.context)?;
    let command = manual_commands::terraform(invoker, &["force-unlock", "-force", &id].map(str::to_owned));
    if let Err(doubt) = decide::check_stale(&backend_lock, killed.as_ref(), &Holder::here().host) {
        let why = match doubt {
            LockKeptReason::NothingKilled => "no terraform of Eos was killed here while holding it",
            LockKeptReason::HolderUnknown => "the backend does not say who holds it and since when",
            LockKeptReason::OtherHost => "it is held from another host",
            LockKeptReason::OtherTime => "it was not acquired while the killed terraform was running",
        };
        let message = words![&locked.message, "\nEos does not release it: ", why];
        let remedy = words!["wait until that run ends; if it has certainly ended: ", &command];
        let mut details = locked.details.clone();
        details["command"] = json!(command);
        return Err(Error { message, remedy, ..locked }.with(details));
    }
    let timeout = invoker.context.component.timeouts.plan;
    let output = invoker.plain("force-unlock", terraform::force_unlock(&id), timeout).await?;
    if output.exit.code != Some(0) {
        return Err(invoker.failure("force-unlock", Phase::Preparation, &output));
    }
    remove(&invoker.context.paths.locking())?;
    let who = backend_lock.who.unwrap_or_default();
    Ok(format!("released the backend's lock {id} of {who}: its terraform was killed here"))
}

/// Eos's own terraform that was killed while it may have held the backend's lock.
fn dead(context: &Context<'_>) -> Result<Option<KilledTerraform>> {
    let Some(marker) = BackendLockMarker::read(&context.paths.locking())? else {
        return Ok(None);
    };
    let run = context.session.call.layout.run(&marker.run_id).join(&context.component.name);
    let stream = run.join(format!("{}.stdout", marker.step));
    let last_seen = fs::metadata(stream).and_then(|meta| meta.modified()).ok().and_then(since_epoch);
    let started = humantime::parse_rfc3339(&marker.started).ok().and_then(since_epoch);
    Ok(started.zip(last_seen).map(|(started, last_seen)| KilledTerraform {
        host: marker.host,
        started,
        last_seen,
    }))
}

fn since_epoch(time: SystemTime) -> Option<Duration> {
    time.duration_since(UNIX_EPOCH).ok()
}

/// As Go prints a time in UTC: `2026-11-21 12:43:13.639016124 +0000 UTC`.
fn printed_time(text: &str) -> Option<Duration> {
    let text = text.strip_suffix(" +0000 UTC")?.replacen(' ', "T", 1);
    humantime::parse_rfc3339(&format!("{text}Z")).ok().and_then(since_epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_time_is_read_to_the_nanosecond_and_another_zone_is_not_guessed() {
        let time = printed_time("2026-11-21 12:43:13.639016124 +0000 UTC").unwrap();
        assert_eq!((time.as_secs(), time.subsec_nanos()), (1_795_264_993, 639_016_124));
        assert!(printed_time("2026-11-21 12:43:13 +0000 UTC").is_some());
        assert_eq!(printed_time("2026-11-21 12:43:13 +0100 CET"), None);
        assert_eq!(printed_time(""), None);
    }
}
