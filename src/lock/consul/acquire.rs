//! Acquires a lock's key, and waits for its present holder.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::guard::Guard;
use super::payload;
use super::service::{Consul, PATIENCE};
use super::trouble;
use crate::consul::{Entry, Op, Outcome, Poll, Renewal, Session, Trouble, transact};
use crate::error::Result;
use crate::lock::holder::Holder;
use crate::process::Cancel;

/// Time between two attempts when waiting for a change of the key does not help.
const PAUSE: Duration = Duration::from_secs(1);

struct Attempt<'a> {
    consul: &'a Consul,
    key: &'a str,
    holder: &'a Holder,
    session: Option<Session>,
    poll: Poll,
    /// The `ModifyIndex` at which the key was free, but Consul refused it.
    refused: Option<u64>,
}

enum Step {
    /// The session holds the key; the key has this `ModifyIndex`.
    Taken(Session, u64),
    Busy(Entry),
    /// The key is free, but Consul gives it to nobody during the lock-delay.
    Delayed(Entry),
    /// The key changed during the attempt.
    Again,
    Foreign,
}

impl Consul {
    /// Acquires the lock of the holder's component. Waits up to `timeout` for its present holder.
    pub async fn acquire(&self, holder: &Holder, timeout: Duration, cancel: &Cancel) -> Result<Guard> {
        let key = self.key(&holder.environment, &holder.component, "lock");
        let (session, index) = acquire(self, &key, holder, timeout, cancel).await?;
        Ok(Guard::new(self, key, holder, session, index))
    }
}

/// Returns the session that now holds the key, and the key's `ModifyIndex`. If it fails, no session remains.
async fn acquire(
    consul: &Consul,
    key: &str,
    holder: &Holder,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<(Session, u64)> {
    let mut attempt = Attempt { consul, key, holder, session: None, poll: Poll::new(), refused: None };
    let taken = tokio::select! {
        biased;
        _ = cancel.cancelled() => Err(trouble::cancelled(key)),
        taken = attempt.run(timeout) => taken,
    };
    if let Some(session) = attempt.session {
        // If this fails, the session ends by itself.
        let _ = Session::destroy(&consul.client, &session.id).await;
    }
    taken
}

impl Attempt<'_> {
    async fn run(&mut self, timeout: Duration) -> Result<(Session, u64)> {
        let start = Instant::now();
        let deadline = start + timeout;
        let mut patient_until = start + timeout.min(PATIENCE);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let step = self.step(left).await;
            if step.is_ok() {
                patient_until = deadline;
            }
            let now = Instant::now();
            let busy = |entry| Err(trouble::busy(self.key, entry, self.consul.settings.lock_delay, timeout));
            match step {
                Ok(Step::Taken(session, index)) => return Ok((session, index)),
                Ok(Step::Foreign) => return Err(trouble::foreign(self.key)),
                Ok(Step::Busy(entry) | Step::Delayed(entry)) if now >= deadline => return busy(&entry),
                Ok(Step::Busy(_) | Step::Again) => {}
                Ok(Step::Delayed(_)) => {
                    sleep(PAUSE.min(deadline - now)).await;
                    self.poll.look_now();
                }
                Err(trouble) => match trouble.retry_after().filter(|after| now + *after < patient_until) {
                    Some(after) => sleep(PAUSE.max(after).min(patient_until - now)).await,
                    None => return Err(self.consul.explain(&trouble)),
                },
            }
        }
    }

    async fn step(&mut self, left: Duration) -> std::result::Result<Step, Trouble> {
        let client = &self.consul.client;
        let entry = self.poll.read(client, self.key, left).await?;
        let free = match entry {
            Some(entry) if !entry.is_lock() => return Ok(Step::Foreign),
            Some(entry) if entry.session.is_some() => return Ok(self.held(entry)),
            free => free,
        };
        let session = living(&mut self.session, self.consul, self.key).await?;
        let value = payload::write(self.holder, &session.id, self.key, "");
        let key = self.key;
        let unmoved = match &free {
            Some(entry) => Op::CheckIndex { key, index: entry.modify_index },
            None => Op::CheckAbsent { key },
        };
        let lock = Op::Lock { key, session: &session.id, value: &value };
        match transact(client, &[unmoved, lock]).await? {
            Outcome::Done(index) => {
                Ok(self.session.take().map_or(Step::Again, |session| Step::Taken(session, index)))
            }
            Outcome::Conflict(_) => {
                let free = free.unwrap_or_default();
                let before = self.refused.replace(free.modify_index);
                self.poll.look_now();
                Ok(if before == self.refused { Step::Delayed(free) } else { Step::Again })
            }
        }
    }

    /// Eos may hold the lock already: Consul may have given it although its answer was lost.
    fn held(&mut self, entry: Entry) -> Step {
        match self.session.take_if(|session| entry.session.as_ref() == Some(&session.id)) {
            Some(session) => Step::Taken(session, entry.modify_index),
            None => Step::Busy(entry),
        }
    }
}

/// Returns the present session, or a new one if it has ended.
async fn living<'a>(
    slot: &'a mut Option<Session>,
    consul: &Consul,
    name: &str,
) -> std::result::Result<&'a Session, Trouble> {
    let (client, settings) = (&consul.client, &consul.settings);
    if let Some(session) = slot
        && Instant::now() >= session.due()
        && session.renew(client).await? == Renewal::Gone
    {
        *slot = None;
    }
    match slot {
        Some(session) => Ok(session),
        None => Ok(slot.insert(Session::create(client, name, settings.ttl, settings.lock_delay).await?)),
    }
}
