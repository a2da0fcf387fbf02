//! Keeps a lock: renews its session, watches its key, and acquires it again if that is safe.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::claim::Claim;
use super::payload;
use super::service::Consul;
use super::standing::{Doubt, Seen, Standing};
use crate::consul::{Entry, Op, Outcome, Poll, Renewal, Session, Trouble, read, transact};
use crate::lock::holder::Holder;

/// Time between two attempts while Consul does not answer or refuses the key.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Watch {
    pub consul: Consul,
    pub key: String,
    pub holder: Holder,
    pub session: Session,
    pub claim: watch::Sender<Claim>,
    /// Notified when a caller saw a change that the watch has not seen yet.
    pub nudge: Arc<Notify>,
}

impl Watch {
    /// Watches the lock until it is lost.
    pub async fn run(mut self) {
        let began = Instant::now();
        let mut poll = Poll::new();
        loop {
            let Claim { standing, index, .. } = self.claim.borrow().clone();
            let adrift = matches!(standing, Standing::Adrift { .. });
            let looked = match adrift {
                true => self.regain(index).await,
                false => self.look(&mut poll, index).await,
            };
            let mut pause = PAUSE;
            let (seen, index) = looked.unwrap_or_else(|trouble| {
                poll.look_now();
                // Consul may ask for a longer pause, but the session ends if it is not renewed in time.
                let most = self.session.ttl / 3;
                pause = pause.max(trouble.retry_after().unwrap_or_default().min(most));
                (Seen::Unreachable(trouble.text().to_owned()), index)
            });
            let rests = matches!(seen, Seen::Unreachable(_)) || (adrift && seen != Seen::Ours);
            let patience = self.session.ttl + self.consul.settings.lock_delay;
            let next = standing.next(seen, began.elapsed(), patience);
            self.tell(next.clone(), index);
            match next {
                Standing::Lost(_) => {
                    // The session holds nothing, and ends by itself if this fails.
                    let _ = Session::destroy(&self.consul.client, &self.session.id).await;
                    return;
                }
                _ if rests => sleep(pause).await,
                _ => {}
            }
        }
    }

    /// Renews the session if that is due, then waits for a change of the key until the next renewal.
    async fn look(&mut self, poll: &mut Poll, index: u64) -> Result<(Seen, u64), Trouble> {
        let client = &self.consul.client;
        if Instant::now() >= self.session.due() && self.session.renew(client).await? == Renewal::Gone {
            return Ok((Seen::Ended, index));
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
    async fn regain(&mut self, index: u64) -> Result<(Seen, u64), Trouble> {
        let (client, settings, key) = (&self.consul.client, &self.consul.settings, self.key.as_str());
        let (entry, _) = read(client, key, None).await?;
        if let Some(entry) = entry.as_ref().filter(|entry| self.is_ours(entry)) {
            // An earlier attempt succeeded, but its answer was lost.
            return Ok((Seen::Ours, entry.modify_index));
        }
        let free = match (self.judge(entry.clone(), index), entry) {
            (Seen::Ended, Some(entry)) => entry.modify_index,
            (seen, _) => return Ok((seen, index)),
        };
        if self.session.renew(client).await? == Renewal::Gone {
            self.session = Session::create(client, key, settings.ttl, settings.lock_delay).await?;
        }
        let value = self.value();
        let ops =
            [Op::CheckIndex { key, index: free }, Op::Lock { key, session: &self.session.id, value: &value }];
        match transact(client, &ops).await? {
            Outcome::Done(index) => Ok((Seen::Ours, index)),
            Outcome::Conflict(_) => Ok((Seen::Ended, index)),
        }
    }

    fn judge(&self, entry: Option<Entry>, index: u64) -> Seen {
        match entry {
            None => Seen::Freed,
            Some(entry) => match &entry.session {
                Some(session) if *session != self.session.id => {
                    Seen::Taken(Box::new(payload::read(&entry.value)))
                }
                Some(_) if entry.modify_index == index => Seen::Ours,
                Some(_) => Seen::Overwritten,
                None if entry.is_lock() && payload::read(&entry.value) == self.holder => Seen::Ended,
                None => Seen::Freed,
            },
        }
    }

    fn is_ours(&self, entry: &Entry) -> bool {
        entry.session.as_ref() == Some(&self.session.id) && entry.is_lock() && entry.value == self.value()
    }

    fn value(&self) -> Vec<u8> {
        payload::write(&self.holder, &self.session.id, &self.key, "")
    }

    fn tell(&self, standing: Standing, index: u64) {
        let claim = Claim { standing, session: self.session.id.clone(), index, ttl: self.session.ttl };
        let key = &self.key;
        self.claim.send_if_modified(|current| {
            match (&current.standing, &claim.standing) {
                (before, now) if before == now => {}
                (Standing::Adrift { .. }, Standing::Held) => {
                    tracing::warn!("the lock {key} was lost, and acquired again before anyone else had it");
                }
                (_, Standing::Held) => tracing::info!("the lock {key} is held again for certain"),
                (Standing::Unknown(_), Standing::Unknown(Doubt::Unreachable(_))) => {}
                (_, Standing::Unknown(Doubt::Unreachable(text))) => {
                    tracing::warn!(
                        "the lock service at {} does not answer: {text}",
                        self.consul.client.address
                    );
                }
                (_, Standing::Unknown(Doubt::Overwritten)) => {
                    tracing::warn!("another program wrote to the lock {key} that this run holds");
                }
                (_, Standing::Adrift { .. }) => {
                    tracing::warn!("the session of the lock {key} is gone; trying to acquire the lock again");
                }
                (_, Standing::Lost(_)) => tracing::warn!("the lock {key} is lost"),
            }
            let changed = *current != claim;
            *current = claim;
            changed
        });
    }
}
