//! A held lock in Consul: checks it, writes under it, and releases it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::claim::Claim;
use super::errors;
use super::payload;
use super::service::{ConsulLocks, PATIENCE};
use super::state::{LockState, LostReason, UnknownReason};
use super::watch::LockWatch;
use crate::consul::{
    ConsulClient, ConsulError, ConsulSession, TransactionOutcome, TransactionStep, release, transact,
};
use crate::error::{Error, Result};
use crate::lock::holder::Holder;
use crate::words::{Words, words};

/// Time between two attempts while Consul does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// A held lock. Dropping it stops the renewals but does not release the lock: the session lives until its TTL is over.
#[derive(Debug)]
pub struct ConsulLockGuard {
    pub(super) consul: ConsulLocks,
    key: String,
    pub(super) holder: Holder,
    claim: watch::Receiver<Claim>,
    nudge: Arc<Notify>,
    task: AbortOnDrop,
}

#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl ConsulLockGuard {
    pub fn new(
        consul: &ConsulLocks,
        key: String,
        holder: &Holder,
        session: ConsulSession,
        index: u64,
    ) -> Self {
        let (sender, receiver) = watch::channel(Claim::new(&session, index));
        let nudge = Arc::new(Notify::new());
        let watch = LockWatch {
            consul: consul.clone(),
            key: key.clone(),
            holder: holder.clone(),
            session,
            claim: sender,
            nudge: nudge.clone(),
        };
        let task = AbortOnDrop(tokio::spawn(watch.run()));
        Self { consul: consul.clone(), key, holder: holder.clone(), claim: receiver, nudge, task }
    }

    pub fn state(&self) -> LockState {
        let state = self.claim.borrow().state.clone();
        match self.claim.has_changed() {
            Err(_) if !matches!(state, LockState::Lost(_)) => LockState::Lost(LostReason::Unwatched),
            _ => state,
        }
    }

    /// How often the lock was lost and acquired again before anybody else had it.
    pub fn regained(&self) -> u32 {
        self.claim.borrow().regained
    }

    /// Resolves when the lock is lost for good.
    pub async fn lost(&self) -> Error {
        let mut claim = self.claim.clone();
        let _ = claim.wait_for(|claim| matches!(claim.state, LockState::Lost(_))).await;
        match self.state() {
            LockState::Lost(loss) => self.lost_by(&loss),
            _ => self.lost_by(&LostReason::Unwatched),
        }
    }

    fn lost_by(&self, loss: &LostReason) -> Error {
        errors::lost(&self.key, loss, self.claim.borrow().outlived_ttl())
    }

    /// Asks Consul whether Eos holds the lock. Waits up to one TTL for an answer, and up to one TTL and the lock-delay
    /// while the lock is being acquired again.
    pub async fn check(&self) -> Result<()> {
        self.commit(&[]).await
    }

    /// Writes a key beside the lock's key, if Eos holds the lock at that moment.
    pub async fn write(&self, name: &str, value: &[u8]) -> Result<()> {
        self.commit(&[TransactionStep::Set { key: &self.beside(name), value, flags: 0 }]).await
    }

    /// Deletes a key beside the lock's key, if Eos holds the lock at that moment.
    pub async fn remove(&self, name: &str) -> Result<()> {
        self.commit(&[TransactionStep::Delete { key: &self.beside(name) }]).await
    }

    /// Writes a key like [`Self::write`], and deletes the key `gone` in the same transaction.
    pub async fn replace(&self, gone: &str, name: &str, value: &[u8]) -> Result<()> {
        let (gone, key) = (self.beside(gone), self.beside(name));
        // The answer contains the last step only, and nothing for a deletion. So the deletion comes first.
        self.commit(&[
            TransactionStep::Delete { key: &gone },
            TransactionStep::Set { key: &key, value, flags: 0 },
        ])
        .await
    }

    fn beside(&self, name: &str) -> String {
        self.key.strip_suffix("lock").unwrap_or(&self.key).to_owned() + name
    }

    /// Runs all operations in one transaction, if Eos holds the lock at that moment.
    pub(super) async fn commit(&self, write: &[TransactionStep<'_>]) -> Result<()> {
        let began = Instant::now();
        let mut told = self.claim.clone();
        loop {
            let claim = told.borrow_and_update().clone();
            let unknown =
                |doubt: &UnknownReason| errors::unknown(&self.key, &self.consul.client.address, doubt);
            let deadline = began + claim.ttl + self.consul.settings.lock_delay;
            match self.state() {
                LockState::Lost(loss) => return Err(self.lost_by(&loss)),
                LockState::Unknown(doubt @ UnknownReason::Overwritten) => return Err(unknown(&doubt)),
                LockState::SessionExpired { .. } => {}
                LockState::Held | LockState::Unknown(UnknownReason::Unreachable(_)) => {
                    let asked = Instant::now();
                    match self.transact(&claim, write).await {
                        Ok(TransactionOutcome::Done(_)) => return Ok(()),
                        // The session does not hold the lock. The watch finds out what happened.
                        Ok(TransactionOutcome::Conflict(0)) => self.nudge.notify_one(),
                        Ok(TransactionOutcome::Conflict(_)) => {
                            return Err(unknown(&UnknownReason::Overwritten));
                        }
                        Err(error) => match error.retry_after() {
                            None => return Err(self.consul.explain(&error)),
                            // The start of the question counts: if this process was suspended during the question,
                            // Consul has not been asked since it continues.
                            Some(after) if asked - began + after < claim.ttl => {
                                sleep(PAUSE.max(after)).await;
                                continue;
                            }
                            Some(_) => {
                                return Err(unknown(&UnknownReason::Unreachable(error.text().to_owned())));
                            }
                        },
                    }
                }
            }
            // This process may have been suspended past the deadline: the watch gets time to report the lock's state.
            let deadline = deadline.max(Instant::now() + PATIENCE);
            match timeout_at(deadline, told.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(self.lost().await),
                Err(_) => {
                    return Err(unknown(&UnknownReason::Unreachable(
                        "it could not be acquired again in time".into(),
                    )));
                }
            }
        }
    }

    async fn transact(
        &self,
        claim: &Claim,
        write: &[TransactionStep<'_>],
    ) -> std::result::Result<TransactionOutcome, ConsulError> {
        let key = &self.key;
        let session = TransactionStep::CheckSession { key, session: &claim.session };
        let mut ops = vec![session, TransactionStep::CheckIndex { key, index: claim.index }];
        ops.extend(write);
        transact(&self.consul.client, &ops).await
    }

    /// Releases the key, then ends the session. If only the session ended, the next holder would wait for the
    /// lock-delay.
    pub async fn release(mut self) -> Result<()> {
        self.task.0.abort();
        let _ = (&mut self.task.0).await;
        let claim = self.claim.borrow().clone();
        let (client, session) = (&self.consul.client, &claim.session);
        if !matches!(claim.state, LockState::Lost(_)) {
            let value = payload::write(&self.holder, session, &self.key, "");
            self.insist(async || release(client, &self.key, session, value.clone()).await).await?;
        }
        self.insist(async || ConsulSession::destroy(client, session).await).await
    }

    async fn insist<T>(&self, attempt: impl AsyncFn() -> std::result::Result<T, ConsulError>) -> Result<()> {
        let Err(api_error) = ConsulClient::patiently(PATIENCE, attempt).await else { return Ok(()) };
        let error = self.consul.explain(&api_error);
        let what =
            format!("the lock {} could not be released, and stays for up to about a minute: ", self.key);
        Err(Error { message: words![Words::own(what), &error.message], ..error })
    }
}
