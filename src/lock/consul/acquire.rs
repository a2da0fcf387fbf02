//! Acquires a lock's key, and waits for its present holder.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::errors;
use super::guard::ConsulLockGuard;
use super::payload;
use super::service::{ConsulLocks, PATIENCE};
use crate::consul::{
    ConsulError, ConsulSession, KvEntry, Poll, SessionRenewal, TransactionOutcome, TransactionStep, transact,
};
use crate::error::Result;
use crate::lock::holder::Holder;
use crate::lock::waiting::Waiting;
use crate::process::Cancel;

/// Time between two attempts when waiting for a change of the key does not help.
const PAUSE: Duration = Duration::from_secs(1);

struct AcquireAttempt<'a> {
    consul: &'a ConsulLocks,
    key: &'a str,
    holder: &'a Holder,
    session: Option<ConsulSession>,
    poll: Poll,
    /// The `ModifyIndex` at which the key was free, but Consul refused it.
    refused: Option<u64>,
}

enum AcquireStep {
    /// The session holds the key; the key has this `ModifyIndex`.
    Taken(ConsulSession, u64),
    Busy(KvEntry),
    /// The key is free, but Consul gives it to nobody during the lock-delay.
    Delayed(KvEntry),
    /// The key changed during the attempt.
    Again,
    Foreign,
}

impl ConsulLocks {
    /// Acquires the lock of the holder's component. Waits up to `timeout` for its present holder.
    pub async fn acquire(
        &self,
        holder: &Holder,
        timeout: Duration,
        cancel: &Cancel,
    ) -> Result<ConsulLockGuard> {
        self.acquire_reporting(holder, timeout, cancel, &mut Waiting::new(&|_| {})).await
    }

    /// The same, and reports for whom it waits.
    pub async fn acquire_reporting(
        &self,
        holder: &Holder,
        timeout: Duration,
        cancel: &Cancel,
        waiting: &mut Waiting<'_>,
    ) -> Result<ConsulLockGuard> {
        let key = self.key(&holder.environment, &holder.component, "lock");
        let (session, index) = acquire(self, &key, holder, timeout, cancel, waiting).await?;
        Ok(ConsulLockGuard::new(self, key, holder, session, index))
    }
}

/// Returns the session that now holds the key, and the key's `ModifyIndex`. If it fails, no session remains.
async fn acquire(
    consul: &ConsulLocks,
    key: &str,
    holder: &Holder,
    timeout: Duration,
    cancel: &Cancel,
    waiting: &mut Waiting<'_>,
) -> Result<(ConsulSession, u64)> {
    let mut attempt = AcquireAttempt { consul, key, holder, session: None, poll: Poll::new(), refused: None };
    let taken = tokio::select! {
        biased;
        _ = cancel.cancelled() => Err(errors::cancelled(key)),
        taken = attempt.run(timeout, waiting) => taken,
    };
    if let Some(session) = attempt.session {
        // If this fails, the session ends by itself.
        let _ = ConsulSession::destroy(&consul.client, &session.id).await;
    }
    taken
}

impl AcquireAttempt<'_> {
    async fn run(&mut self, timeout: Duration, waiting: &mut Waiting<'_>) -> Result<(ConsulSession, u64)> {
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
            if let Ok(AcquireStep::Busy(entry) | AcquireStep::Delayed(entry)) = &step
                && now < deadline
            {
                waiting.on(payload::read(&entry.value));
            }
            let busy = |entry| Err(errors::busy(self.key, entry, self.consul.settings.lock_delay, timeout));
            match step {
                Ok(AcquireStep::Taken(session, index)) => return Ok((session, index)),
                Ok(AcquireStep::Foreign) => return Err(errors::foreign(self.key)),
                Ok(AcquireStep::Busy(entry) | AcquireStep::Delayed(entry)) if now >= deadline => {
                    return busy(&entry);
                }
                Ok(AcquireStep::Busy(_) | AcquireStep::Again) => {}
                Ok(AcquireStep::Delayed(_)) => {
                    sleep(PAUSE.min(deadline - now)).await;
                    self.poll.look_now();
                }
                Err(error) => match error.retry_after().filter(|after| now + *after < patient_until) {
                    Some(after) => sleep(PAUSE.max(after).min(patient_until - now)).await,
                    None => return Err(self.consul.explain(&error)),
                },
            }
        }
    }

    async fn step(&mut self, left: Duration) -> std::result::Result<AcquireStep, ConsulError> {
        let client = &self.consul.client;
        let entry = self.poll.read(client, self.key, left).await?;
        let free = match entry {
            Some(entry) if !entry.is_lock() => return Ok(AcquireStep::Foreign),
            Some(entry) if entry.session.is_some() => return Ok(self.held(entry)),
            free => free,
        };
        let session = living(&mut self.session, self.consul, self.key).await?;
        let value = payload::write(self.holder, &session.id, self.key, "");
        let key = self.key;
        let unmoved = match &free {
            Some(entry) => TransactionStep::CheckIndex { key, index: entry.modify_index },
            None => TransactionStep::CheckAbsent { key },
        };
        let lock = TransactionStep::Lock { key, session: &session.id, value: &value };
        match transact(client, &[unmoved, lock]).await? {
            TransactionOutcome::Done(index) => Ok(self
                .session
                .take()
                .map_or(AcquireStep::Again, |session| AcquireStep::Taken(session, index))),
            TransactionOutcome::Conflict(_) => {
                let free = free.unwrap_or_default();
                let before = self.refused.replace(free.modify_index);
                self.poll.look_now();
                Ok(if before == self.refused { AcquireStep::Delayed(free) } else { AcquireStep::Again })
            }
        }
    }

    /// Eos may hold the lock already: Consul may have given it although its answer was lost.
    fn held(&mut self, entry: KvEntry) -> AcquireStep {
        match self.session.take_if(|session| entry.session.as_ref() == Some(&session.id)) {
            Some(session) => AcquireStep::Taken(session, entry.modify_index),
            None => AcquireStep::Busy(entry),
        }
    }
}

/// Returns the present session, or a new one if it has ended.
async fn living<'a>(
    slot: &'a mut Option<ConsulSession>,
    consul: &ConsulLocks,
    name: &str,
) -> std::result::Result<&'a ConsulSession, ConsulError> {
    let (client, settings) = (&consul.client, &consul.settings);
    if let Some(session) = slot
        && Instant::now() >= session.due()
        && session.renew(client).await? == SessionRenewal::Gone
    {
        *slot = None;
    }
    match slot {
        Some(session) => Ok(session),
        None => {
            Ok(slot.insert(ConsulSession::create(client, name, settings.ttl, settings.lock_delay).await?))
        }
    }
}
