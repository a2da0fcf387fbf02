//! What ends unless it is renewed: a lease, or the run's token.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::client::Client;
use super::patience::patiently;
use super::trouble::{Trouble, refuse};
use crate::error::{Error, Result};

/// Vault counts in whole seconds.
const ROUNDING: Duration = Duration::from_secs(2);
/// How soon a renewal that nobody answered is tried again.
const RETRY: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The run's own.
    Token,
    /// By its id.
    Lease(String),
}

/// How long it was given, and when that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Term {
    given: Duration,
    ends: Instant,
}

impl Term {
    fn of(given: Duration) -> Self {
        Self { given, ends: Instant::now() + given }
    }

    fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// When a third of it is left.
    fn due(&self) -> Instant {
        self.ends - self.given / 3
    }

    /// From here on what works with it has to stop: a sixth is left for that.
    fn last_call(&self) -> Instant {
        self.ends - self.given / 6
    }
}

#[derive(Clone)]
struct Renewal {
    client: Arc<Client>,
    what: What,
    renewable: bool,
}

/// Renews it until it is dropped.
pub struct Keeper {
    renewal: Renewal,
    /// None: it never ends.
    term: Option<Arc<Mutex<Term>>>,
    expiring: watch::Receiver<Option<String>>,
    task: Option<JoinHandle<()>>,
}

impl Keeper {
    /// `given` of zero never ends.
    pub fn over(client: &Arc<Client>, what: What, given: Duration, renewable: bool) -> Self {
        let renewal = Renewal { client: client.clone(), what, renewable };
        let (tell, expiring) = watch::channel(None);
        let term = (given > Duration::ZERO).then(|| Arc::new(Mutex::new(Term::of(given))));
        let task = term.clone().map(|term| tokio::spawn(keep(renewal.clone(), term, tell)));
        Self { renewal, term, expiring, task }
    }

    /// No more renewals: it is about to be given back.
    pub fn rest(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }

    /// How it ends where nobody does anything about it.
    pub async fn end(&self) -> String {
        match &self.term {
            Some(term) => format!("ends by itself in {}", seconds(term.lock().await.left())),
            None => "does not end by itself".to_owned(),
        }
    }

    /// Why it is about to end, if it is.
    pub fn is_expiring(&self) -> Option<String> {
        self.expiring.borrow().clone()
    }

    /// Resolves when it is about to end.
    pub async fn expiring(&self) -> String {
        let mut expiring = self.expiring.clone();
        match expiring.wait_for(Option::is_some).await.map(|why| why.clone()) {
            Ok(Some(why)) => why,
            // It was laid to rest, or never ends.
            _ => std::future::pending().await,
        }
    }

    /// Refuses what Vault will not let live for so long, renewals included.
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
            |trouble: Trouble| trouble.explain(address, &format!("renew {}", self.renewal.what.name()));
        let (asked, usual) = (Instant::now(), term.given);
        // An increment counts from now, and is cut down to what the maximum leaves.
        let renew = async |span| patiently(async || self.renewal.renew(span).await).await.map_err(explain);
        let most = renew(needed).await?;
        if most + ROUNDING < needed && !self.renewal.is_periodic().await {
            *term = Term { given: most, ends: asked + most };
            return Err(self.too_short(most, needed));
        }
        // Should we be killed, it ends as soon as it would have.
        let asked = Instant::now();
        let given = renew(usual).await?;
        *term = Term { given, ends: asked + given };
        Ok(())
    }

    fn too_short(&self, left: Duration, needed: Duration) -> Error {
        refuse(
            "lease_too_short",
            format!(
                "{} lasts {} at most, and an apply with its end may take {}: nothing was applied",
                self.renewal.what.name(),
                seconds(left),
                seconds(needed)
            ),
            "raise its max_ttl at Vault, or lower timeouts:apply and timeouts:stop_grace in the pillar",
        )
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.rest();
    }
}

impl What {
    pub fn name(&self) -> String {
        match self {
            Self::Token => "the run's token at Vault".to_owned(),
            Self::Lease(id) => format!("the lease {id}"),
        }
    }
}

impl Renewal {
    /// What it was given from now on.
    async fn renew(&self, increment: Duration) -> Result<Duration, Trouble> {
        let seconds = increment.as_secs().max(1);
        let answer = match &self.what {
            What::Token => self.client.post("auth/token/renew-self", json!({ "increment": seconds })).await?,
            What::Lease(id) => {
                let body = json!({ "lease_id": id, "increment": seconds });
                self.client.post("sys/leases/renew", body).await?
            }
        };
        let of = match &self.what {
            What::Token => &answer["auth"],
            What::Lease(_) => &answer,
        };
        Ok(duration(of))
    }

    /// It ends unless it is renewed, and can be renewed for ever.
    async fn is_periodic(&self) -> bool {
        self.what == What::Token
            && self
                .client
                .get("auth/token/lookup-self")
                .await
                .is_ok_and(|answer| answer["data"]["period"].as_u64().is_some_and(|period| period > 0))
    }
}

/// Without what is below a second.
pub fn seconds(long: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(long.as_secs()))
}

/// `lease_duration`; zero never ends.
pub fn duration(of: &Value) -> Duration {
    Duration::from_secs(of["lease_duration"].as_u64().unwrap_or_default())
}

async fn keep(renewal: Renewal, term: Arc<Mutex<Term>>, tell: watch::Sender<Option<String>>) {
    let mut refused: Option<String> = None;
    loop {
        let now = *term.lock().await;
        sleep_until(if renewal.renewable { now.due() } else { now.last_call() }).await;
        let mut held = term.lock().await;
        // It was renewed while we slept.
        if Instant::now() < held.due() {
            continue;
        }
        if !renewal.renewable || Instant::now() >= held.last_call() {
            let left = held.left().as_secs();
            let why = refused.map(|why| format!(" could not be renewed ({why}), and")).unwrap_or_default();
            tell.send_replace(Some(format!("{}{why} ends in {left} s", renewal.what.name())));
            return;
        }
        let asked = Instant::now();
        let why = match renewal.renew(held.given).await {
            Ok(given) if asked + given > held.ends + ROUNDING => {
                *held = Term { given, ends: asked + given };
                continue;
            }
            Ok(given) => {
                let last = Term { given, ends: asked + given };
                *held = last;
                drop(held);
                tracing::warn!(
                    "{} has come to its max_ttl, and ends in {} s",
                    renewal.what.name(),
                    given.as_secs()
                );
                sleep_until(last.last_call()).await;
                tell.send_replace(Some(format!("{} has come to its max_ttl", renewal.what.name())));
                return;
            }
            Err(trouble) => trouble,
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
