//! Keeps a lock: renews its session, watches its key, and acquires it again if that is safe.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::claim::Claim;
use super::payload;
use super::service::ConsulLocks;
use super::state::{LockObservation, LockState, UnknownReason};
use super::suspension::Suspension;
use crate::consul::{
    ConsulError, ConsulSession, KvEntry, Poll, SessionRenewal, TransactionOutcome, TransactionStep, read,
    transact,
};
use crate::lock::holder::Holder;

/// Time between two attempts while Consul does not answer or refuses the key.
const PAUSE: Duration = Duration::from_secs(1);

pub struct LockWatch {
    pub consul: ConsulLocks,
    pub key: String,
    pub holder: Holder,
    pub session: ConsulSession,
    pub claim: watch::Sender<Claim>,
    /// Notified when a caller saw a change that the watch has not seen yet.
    pub nudge: Arc<Notify>,
}

impl LockWatch {
    /// Watches the lock until it is lost, and this process, because a suspended one cannot renew the session.
    pub async fn run(self) {
        let suspension = Suspension::default();
        tokio::select! {
            // After a suspension, its length is known before the loss is reported.
            biased;
            never = suspension.watch() => match never {},
            () = self.keep(&suspension) => {}
        }
    }

    async fn keep(mut self, suspension: &Suspension) {
        let began = Instant::now();
        let mut poll = Poll::new();
        loop {
            let Claim { state, index, .. } = self.claim.borrow().clone();
            let adrift = matches!(state, LockState::SessionExpired { .. });
            let looked = match adrift {
                true => self.regain(index).await,
                false => self.look(&mut poll, index).await,
            };
            let mut pause = PAUSE;
            let (seen, index) = looked.unwrap_or_else(|error| {
                poll.look_now();
                // Consul may ask for a longer pause, but the session ends if it is not renewed in time.
                let most = self.session.ttl / 3;
                pause = pause.max(error.retry_after().unwrap_or_default().min(most));
                (LockObservation::Unreachable(error.text().to_owned()), index)
            });
            let rests =
                matches!(seen, LockObservation::Unreachable(_)) || (adrift && seen != LockObservation::Ours);
            let patience = self.session.ttl + self.consul.settings.lock_delay;
            let next = state.next(seen, began.elapsed(), patience);
            self.tell(next.clone(), index, suspension.longest());
            match next {
                LockState::Lost(_) => {
                    // The session holds nothing, and ends by itself if this fails.
                    let _ = ConsulSession::destroy(&self.consul.client, &self.session.id).await;
                    return;
                }
                _ if rests => sleep(pause).await,
                _ => {}
            }
        }
    }

    /// Renews the session if that is due, then waits for a change of the key until the next renewal.
    async fn look(&mut self, poll: &mut Poll, index: u64) -> Result<(LockObservation, u64), ConsulError> {
        let client = &self.consul.client;
        if Instant::now() >= self.session.due() && self.session.renew(client).await? == SessionRenewal::Gone {
            return Ok((LockObservation::Ended, index));
        }
        let wait = self.session.due().saturating_duration_since(Instant::now());
        let entry = tokio::select! {
            entry = poll.read(client, &self.key, wait) => entry?,
            () = self.nudge.notified() => {
                poll.look_now();
                poll.read(client, &self.key, wait).await?
            }
        };
        Ok((self.judge(entry, index), index))
    }

    /// Acquires the key again if nobody held it since. In that case its value still names this holder.
    async fn regain(&mut self, index: u64) -> Result<(LockObservation, u64), ConsulError> {
        let (client, settings, key) = (&self.consul.client, &self.consul.settings, self.key.as_str());
        let (entry, _) = read(client, key, None).await?;
        if let Some(entry) = entry.as_ref().filter(|entry| self.is_ours(entry)) {
            // An earlier attempt succeeded, but its answer was lost.
            return Ok((LockObservation::Ours, entry.modify_index));
        }
        let free = match (self.judge(entry.clone(), index), entry) {
            (LockObservation::Ended, Some(entry)) => entry.modify_index,
            (seen, _) => return Ok((seen, index)),
        };
        if self.session.renew(client).await? == SessionRenewal::Gone {
            self.session = ConsulSession::create(client, key, settings.ttl, settings.lock_delay).await?;
        }
        let value = self.value();
        let ops = [
            TransactionStep::CheckIndex { key, index: free },
            TransactionStep::Lock { key, session: &self.session.id, value: &value },
        ];
        match transact(client, &ops).await? {
            TransactionOutcome::Done(index) => Ok((LockObservation::Ours, index)),
            TransactionOutcome::Conflict(_) => Ok((LockObservation::Ended, index)),
        }
    }

    fn judge(&self, entry: Option<KvEntry>, index: u64) -> LockObservation {
        match entry {
            None => LockObservation::Freed,
            Some(entry) => match &entry.session {
                Some(session) if *session != self.session.id => {
                    LockObservation::Taken(Box::new(payload::read(&entry.value)))
                }
                Some(_) if entry.modify_index == index => LockObservation::Ours,
                Some(_) => LockObservation::Overwritten,
                None if entry.is_lock() && payload::read(&entry.value) == self.holder => {
                    LockObservation::Ended
                }
                None => LockObservation::Freed,
            },
        }
    }

    fn is_ours(&self, entry: &KvEntry) -> bool {
        entry.session.as_ref() == Some(&self.session.id) && entry.is_lock() && entry.value == self.value()
    }

    fn value(&self) -> Vec<u8> {
        payload::write(&self.holder, &self.session.id, &self.key, "")
    }

    fn tell(&self, state: LockState, index: u64, suspended: Duration) {
        let (session, ttl, key) = (self.session.id.clone(), self.session.ttl, &self.key);
        self.claim.send_if_modified(|current| {
            let mut claim = Claim { state, session, index, ttl, regained: current.regained, suspended };
            match (&current.state, &claim.state) {
                (before, now) if before == now => {}
                (LockState::SessionExpired { .. }, LockState::Held) => {
                    claim.regained += 1;
                    tracing::warn!("the lock {key} was lost, and acquired again before anyone else had it");
                }
                (_, LockState::Held) => tracing::info!("the lock {key} is held again for certain"),
                (LockState::Unknown(_), LockState::Unknown(UnknownReason::Unreachable(_))) => {}
                (_, LockState::Unknown(UnknownReason::Unreachable(text))) => {
                    tracing::warn!(
                        "the lock service at {} does not answer: {text}",
                        self.consul.client.address
                    );
                }
                (_, LockState::Unknown(UnknownReason::Overwritten)) => {
                    tracing::warn!("another program wrote to the lock {key} that this run holds");
                }
                (_, LockState::SessionExpired { .. }) => {
                    tracing::warn!("the session of the lock {key} is gone; trying to acquire the lock again");
                }
                (_, LockState::Lost(_)) => tracing::warn!("the lock {key} is lost"),
            }
            let changed = *current != claim;
            *current = claim;
            changed
        });
    }
}
