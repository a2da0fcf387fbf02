//! Acquires a key, and waits for its present holder.

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

/// Between two tries where waiting for a change is of no use.
const PAUSE: Duration = Duration::from_secs(1);

struct Attempt<'a> {
    consul: &'a Consul,
    key: &'a str,
    holder: &'a Holder,
    session: Option<Session>,
    poll: Poll,
    /// `ModifyIndex` at which the key was free and yet not given to us.
    refused: Option<u64>,
}

enum Step {
    /// At this `ModifyIndex`.
    Taken(Session, u64),
    Busy(Entry),
    /// Free, and given to nobody: the lock-delay.
    Delayed(Entry),
    /// It moved while we looked.
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

/// The session that holds the key now, and the key's `ModifyIndex`. Nothing stays behind where it fails.
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
        // It ends by itself if this fails.
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

    /// A lock whose taking was not answered is ours all the same.
    fn held(&mut self, entry: Entry) -> Step {
        match self.session.take_if(|session| entry.session.as_ref() == Some(&session.id)) {
            Some(session) => Step::Taken(session, entry.modify_index),
            None => Step::Busy(entry),
        }
    }
}

/// The session that there is, or a new one where it has ended.
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
