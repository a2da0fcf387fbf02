//! Secrets in Vault: a token of the run's own, what is read by it, and its end.
//!
//! Knows Vault's HTTP interface, leases and the key-value engines. Must not know components, Terraform, Salt.
//! Through it passes: a [`Login`] in; values, each with its lease, out. What was made here is revoked by
//! [`Vault::close`]; nothing of it is ever on a disk.

mod client;
mod ensure;
mod generate;
mod keeper;
mod login;
mod read;
mod reading;
mod token;
mod trouble;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

pub use login::Login;
pub use reading::{Reading, Secret};

use crate::error::Result;
use crate::model::VaultServer;
use client::Client;
use keeper::What;
use token::Token;
use trouble::Trouble;

/// How long a Vault that does not answer is waited for at the end, and how soon it is asked again.
const CLOSING: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_secs(1);

/// One login; it ends with the call that it was made in.
pub struct Vault {
    client: Arc<Client>,
    token: Token,
    /// Leases that this run was given, and nobody has given back yet.
    leases: Mutex<Vec<String>>,
}

impl Vault {
    /// Reads the files of `tls`, and logs in, once.
    pub async fn open(server: &VaultServer, login: Login) -> Result<Arc<Self>> {
        let client = Client::open(server)?;
        let fresh = login::login(&client, login).await?;
        let client = Arc::new(client.with(fresh.secret.clone()));
        let token = Token::keep(&client, &fresh);
        Ok(Arc::new(Self { client, token, leases: Mutex::default() }))
    }

    /// Revokes what this run was given: its token, and with it all leases; or, where the token was supplied,
    /// each lease. Returns, in one sentence each, what could not be revoked.
    pub async fn close(&self) -> Vec<String> {
        self.token.keeper.rest();
        let mut left = std::mem::take(&mut *self.leases());
        if self.token.revocable {
            let revoked = self.patiently(async || self.client.revoke_self().await).await;
            return revoked.err().map(|why| unrevoked(&What::Token, &why)).into_iter().collect();
        }
        let mut said = Vec::new();
        while let Some(lease) = left.pop() {
            let revoked = self.patiently(async || self.client.revoke(&lease).await).await;
            let Err(trouble) = revoked else { continue };
            said.push(unrevoked(&What::Lease(lease), &trouble));
            if trouble.may_pass() {
                // It would be waited for as long for each of the others.
                said.extend(left.drain(..).map(|lease| unrevoked(&What::Lease(lease), &trouble)));
            }
        }
        said
    }

    /// A Vault that is away for a moment is waited for: what is not revoked may be used until it ends.
    async fn patiently(&self, revoke: impl AsyncFn() -> Result<(), Trouble>) -> Result<(), Trouble> {
        let deadline = Instant::now() + CLOSING;
        loop {
            let late = || Err(Trouble::Unreachable("no answer in time".to_owned()));
            match timeout_at(deadline, revoke()).await.unwrap_or_else(|_| late()) {
                Err(trouble) if trouble.may_pass() && Instant::now() + AGAIN < deadline => sleep(AGAIN).await,
                done => return done,
            }
        }
    }

    fn lend(&self, lease: &str) {
        self.leases().push(lease.to_owned());
    }

    fn leases(&self) -> MutexGuard<'_, Vec<String>> {
        self.leases.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn unrevoked(what: &What, trouble: &Trouble) -> String {
    format!("{} could not be revoked, and ends with its time to live: {}", what.name(), trouble.text())
}
