//! Renews a lease or the run's token, and reports when it is about to end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::client::VaultClient;
use super::error::{VaultError, refuse};
use crate::error::{Code, Error, Result};

/// Vault counts in whole seconds.
const ROUNDING: Duration = Duration::from_secs(2);
/// Shortest and longest time before a failed renewal is tried again.
const RETRY: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];

#[derive(Clone, Debug, PartialEq)]
pub enum RenewalTarget {
    /// The run's own token.
    Token,
    /// A lease, with its id.
    Lease(String),
}

/// The duration that Vault granted, and the instant at which it is over.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Lifetime {
    given: Duration,
    ends: Instant,
}

impl Lifetime {
    fn of(given: Duration) -> Self {
        Self { given, ends: Instant::now() + given }
    }

    fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// The instant for a renewal: a third of the duration is left.
    fn due(&self) -> Instant {
        self.ends - self.given / 3
    }

    /// The instant at which work that depends on it must stop. A sixth of the duration is left for that.
    fn last_call(&self) -> Instant {
        self.ends - self.given / 6
    }
}

#[derive(Clone)]
struct RenewalRequest {
    client: Arc<VaultClient>,
    what: RenewalTarget,
    renewable: bool,
}

/// Renews a lease or a token until this object is dropped.
pub struct Renewer {
    renewal: RenewalRequest,
    /// None if it never ends.
    term: Option<Arc<Mutex<Lifetime>>>,
    expiring: watch::Receiver<Option<String>>,
    task: Option<JoinHandle<()>>,
}

impl Renewer {
    /// Starts the renewals. If `given` is zero, it never ends.
    pub fn over(client: &Arc<VaultClient>, what: RenewalTarget, given: Duration, renewable: bool) -> Self {
        let renewal = RenewalRequest { client: client.clone(), what, renewable };
        let (tell, expiring) = watch::channel(None);
        let term = (given > Duration::ZERO).then(|| Arc::new(Mutex::new(Lifetime::of(given))));
        let task = term.clone().map(|term| tokio::spawn(keep(renewal.clone(), term, tell)));
        Self { renewal, term, expiring, task }
    }

    /// Stops the renewals, before it is revoked.
    pub fn rest(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }

    /// Says when it ends by itself, as part of a sentence.
    pub async fn end(&self) -> String {
        match &self.term {
            Some(term) => format!("expires in {}", seconds(term.lock().await.left())),
            None => "does not expire".to_owned(),
        }
    }

    /// The reason why it is about to end, if it is.
    pub fn is_expiring(&self) -> Option<String> {
        self.expiring.borrow().clone()
    }

    /// Resolves when it is about to end.
    pub async fn expiring(&self) -> String {
        let mut expiring = self.expiring.clone();
        match expiring.wait_for(Option::is_some).await.map(|why| why.clone()) {
            Ok(Some(why)) => why,
            // Its renewals were stopped, or it never ends.
            _ => std::future::pending().await,
        }
    }

    /// Fails if Vault will not let it live for `needed`, even with renewals.
    pub async fn must_last(&self, needed: Duration) -> Result<()> {
        let Some(term) = &self.term else { return Ok(()) };
        let mut term = term.lock().await;
        if term.left() >= needed {
            return Ok(());
        }
        if !self.renewal.renewable {
            return Err(self.too_short(term.left(), needed));
        }
        let address = &self.renewal.client.address;
        let explain =
            |error: VaultError| error.explain(address, &format!("renew {}", self.renewal.what.name()));
        let (asked, usual) = (Instant::now(), term.given);
        // An increment counts from now. Vault reduces it to the rest of the maximum lifetime.
        let renew = async |span| {
            self.renewal.client.patiently(async || self.renewal.renew(span).await).await.map_err(explain)
        };
        let most = renew(needed).await?;
        if most + ROUNDING < needed && !self.renewal.is_periodic().await {
            *term = Lifetime { given: most, ends: asked + most };
            return Err(self.too_short(most, needed));
        }
        // Renews with the usual duration again: if Eos is killed, it ends as early as before.
        let asked = Instant::now();
        let given = renew(usual).await?;
        *term = Lifetime { given, ends: asked + given };
        Ok(())
    }

    fn too_short(&self, left: Duration, needed: Duration) -> Error {
        refuse(
            Code::LeaseTooShort,
            format!(
                "{} is valid for at most {}, but an apply and its shutdown may take {}: nothing was applied",
                self.renewal.what.name(),
                seconds(left),
                seconds(needed)
            ),
            "raise its max_ttl in Vault, or lower timeouts:apply and timeouts:stop_grace in the pillar",
        )
    }
}

impl Drop for Renewer {
    fn drop(&mut self) {
        self.rest();
    }
}

impl RenewalTarget {
    pub fn name(&self) -> String {
        match self {
            Self::Token => "the run's token at Vault".to_owned(),
            Self::Lease(id) => format!("the lease {id}"),
        }
    }
}

impl RenewalRequest {
    /// Renews it, and returns the duration that Vault grants from now on.
    async fn renew(&self, increment: Duration) -> Result<Duration, VaultError> {
        let seconds = increment.as_secs().max(1);
        let answer = match &self.what {
            RenewalTarget::Token => {
                self.client.post("auth/token/renew-self", json!({ "increment": seconds })).await?
            }
            RenewalTarget::Lease(id) => {
                let body = json!({ "lease_id": id, "increment": seconds });
                self.client.post("sys/leases/renew", body).await?
            }
        };
        let of = match &self.what {
            RenewalTarget::Token => &answer["auth"],
            RenewalTarget::Lease(_) => &answer,
        };
        Ok(duration(of))
    }

    /// Whether it is a periodic token: it can be renewed without a limit.
    async fn is_periodic(&self) -> bool {
        self.what == RenewalTarget::Token
            && self
                .client
                .get("auth/token/lookup-self")
                .await
                .is_ok_and(|answer| answer["data"]["period"].as_u64().is_some_and(|period| period > 0))
    }
}

/// Formats a duration in whole seconds.
pub fn seconds(long: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(long.as_secs()))
}

/// Reads `lease_duration`. Zero means that it never ends.
pub fn duration(of: &Value) -> Duration {
    Duration::from_secs(of["lease_duration"].as_u64().unwrap_or_default())
}

async fn keep(renewal: RenewalRequest, term: Arc<Mutex<Lifetime>>, tell: watch::Sender<Option<String>>) {
    let mut refused: Option<String> = None;
    loop {
        let now = *term.lock().await;
        sleep_until(if renewal.renewable { now.due() } else { now.last_call() }).await;
        let mut held = term.lock().await;
        // It was renewed during the sleep.
        if Instant::now() < held.due() {
            continue;
        }
        if !renewal.renewable || Instant::now() >= held.last_call() {
            let left = held.left().as_secs();
            let why = refused.map(|why| format!(" could not be renewed ({why}), and")).unwrap_or_default();
            tell.send_replace(Some(format!("{}{why} expires in {left} s", renewal.what.name())));
            return;
        }
        let asked = Instant::now();
        let why = match renewal.renew(held.given).await {
            Ok(given) if asked + given > held.ends + ROUNDING => {
                *held = Lifetime { given, ends: asked + given };
                continue;
            }
            Ok(given) => {
                let last = Lifetime { given, ends: asked + given };
                *held = last;
                drop(held);
                tracing::warn!(
                    "{} has reached its max_ttl and expires in {} s",
                    renewal.what.name(),
                    given.as_secs()
                );
                sleep_until(last.last_call()).await;
                tell.send_replace(Some(format!("{} has reached its max_ttl", renewal.what.name())));
                return;
            }
            Err(error) => error,
        };
        if refused.is_none() {
            tracing::warn!("{} could not be renewed: {}", renewal.what.name(), why.text());
        }
        refused = Some(format!("Vault at {}: {}", renewal.client.address, why.text()));
        if !why.may_pass() {
            tell.send_replace(Some(format!("{} could not be renewed: {}", renewal.what.name(), why.text())));
            return;
        }
        let pause = (held.given / 30).clamp(RETRY[0], RETRY[1]);
        drop(held);
        sleep(pause).await;
    }
}
