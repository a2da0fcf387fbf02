//! A held lock in Consul: checks it, writes under it, and releases it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::claim::Claim;
use super::payload;
use super::service::{Consul, PATIENCE};
use super::standing::{Doubt, Loss, Standing};
use super::trouble;
use super::watch::Watch;
use crate::consul::{Client, Op, Outcome, Session, Trouble, release, transact};
use crate::error::{Error, Result};
use crate::lock::holder::Holder;
use crate::words::{Words, words};

/// Time between two attempts while Consul does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// A held lock. Dropping it stops the renewals but does not release the lock: the session lives until its TTL is over.
#[derive(Debug)]
pub struct Guard {
    pub(super) consul: Consul,
    key: String,
    pub(super) holder: Holder,
    claim: watch::Receiver<Claim>,
    nudge: Arc<Notify>,
    task: Task,
}

#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Guard {
    pub fn new(consul: &Consul, key: String, holder: &Holder, session: Session, index: u64) -> Self {
        let (sender, receiver) = watch::channel(Claim::new(&session, index));
        let nudge = Arc::new(Notify::new());
        let watch = Watch {
            consul: consul.clone(),
            key: key.clone(),
            holder: holder.clone(),
            session,
            claim: sender,
            nudge: nudge.clone(),
        };
        let task = Task(tokio::spawn(watch.run()));
        Self { consul: consul.clone(), key, holder: holder.clone(), claim: receiver, nudge, task }
    }

    pub fn standing(&self) -> Standing {
        let standing = self.claim.borrow().standing.clone();
        match self.claim.has_changed() {
            Err(_) if !matches!(standing, Standing::Lost(_)) => Standing::Lost(Loss::Unwatched),
            _ => standing,
        }
    }

    /// Resolves when the lock is lost for good.
    pub async fn lost(&self) -> Error {
        let mut claim = self.claim.clone();
        let _ = claim.wait_for(|claim| matches!(claim.standing, Standing::Lost(_))).await;
        match self.standing() {
            Standing::Lost(loss) => trouble::lost(&self.key, &loss),
            _ => trouble::lost(&self.key, &Loss::Unwatched),
        }
    }

    /// Asks Consul whether Eos holds the lock. Waits up to one TTL for an answer, and up to one TTL and the lock-delay
    /// while the lock is being acquired again.
    pub async fn check(&self) -> Result<()> {
        self.commit(&[]).await
    }

    /// Writes a key beside the lock's key, if Eos holds the lock at that moment.
    pub async fn write(&self, name: &str, value: &[u8]) -> Result<()> {
        self.commit(&[Op::Set { key: &self.beside(name), value, flags: 0 }]).await
    }

    /// Writes a key like [`Self::write`], and deletes the key `gone` in the same transaction.
    pub async fn replace(&self, gone: &str, name: &str, value: &[u8]) -> Result<()> {
        let (gone, key) = (self.beside(gone), self.beside(name));
        // The answer contains the last step only, and nothing for a deletion. So the deletion comes first.
        self.commit(&[Op::Delete { key: &gone }, Op::Set { key: &key, value, flags: 0 }]).await
    }

    fn beside(&self, name: &str) -> String {
        self.key.strip_suffix("lock").unwrap_or(&self.key).to_owned() + name
    }

    /// Runs all operations in one transaction, if Eos holds the lock at that moment.
    pub(super) async fn commit(&self, write: &[Op<'_>]) -> Result<()> {
        let began = Instant::now();
        let mut told = self.claim.clone();
        loop {
            let claim = told.borrow_and_update().clone();
            let unknown = |doubt: &Doubt| trouble::unknown(&self.key, &self.consul.client.address, doubt);
            let deadline = began + claim.ttl + self.consul.settings.lock_delay;
            match self.standing() {
                Standing::Lost(loss) => return Err(trouble::lost(&self.key, &loss)),
                Standing::Unknown(doubt @ Doubt::Overwritten) => return Err(unknown(&doubt)),
                Standing::Adrift { .. } => {}
                Standing::Held | Standing::Unknown(Doubt::Unreachable(_)) => {
                    let asked = Instant::now();
                    match self.transact(&claim, write).await {
                        Ok(Outcome::Done(_)) => return Ok(()),
                        // The session does not hold the lock. The watch finds out what happened.
                        Ok(Outcome::Conflict(0)) => self.nudge.notify_one(),
                        Ok(Outcome::Conflict(_)) => return Err(unknown(&Doubt::Overwritten)),
                        Err(trouble) => match trouble.retry_after() {
                            None => return Err(self.consul.explain(&trouble)),
                            // The start of the question counts: if this process was suspended during the question,
                            // Consul has not been asked since it continues.
                            Some(after) if asked - began + after < claim.ttl => {
                                sleep(PAUSE.max(after)).await;
                                continue;
                            }
                            Some(_) => return Err(unknown(&Doubt::Unreachable(trouble.text().to_owned()))),
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
                    return Err(unknown(&Doubt::Unreachable(
                        "it could not be acquired again in time".into(),
                    )));
                }
            }
        }
    }

    async fn transact(&self, claim: &Claim, write: &[Op<'_>]) -> std::result::Result<Outcome, Trouble> {
        let key = &self.key;
        let session = Op::CheckSession { key, session: &claim.session };
        let mut ops = vec![session, Op::CheckIndex { key, index: claim.index }];
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
        if !matches!(claim.standing, Standing::Lost(_)) {
            let value = payload::write(&self.holder, session, &self.key, "");
            self.insist(async || release(client, &self.key, session, value.clone()).await).await?;
        }
        self.insist(async || Session::destroy(client, session).await).await
    }

    async fn insist<T>(&self, attempt: impl AsyncFn() -> std::result::Result<T, Trouble>) -> Result<()> {
        let Err(trouble) = Client::patiently(PATIENCE, attempt).await else { return Ok(()) };
        let error = self.consul.explain(&trouble);
        let what =
            format!("the lock {} could not be released, and stays for up to about a minute: ", self.key);
        Err(Error { message: words![Words::own(what), &error.message], ..error })
    }
}
