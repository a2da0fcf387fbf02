//! Secrets in Vault: logs in for one run, reads values, and revokes the token at the end.
//!
//! Knows Vault's HTTP interface, leases and the key-value engines. Must not know components, Terraform, Salt.
//! In: a [`Login`]. Out: values, each with its lease. [`Vault::close`] revokes everything that was issued to the run.
//! No value is ever written to a disk.

mod client;
mod ensure;
mod error;
mod generate;
mod health;
mod login;
mod purge;
mod read;
mod reader;
mod renewer;
mod rights;
mod rotate;
mod token;
mod update;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub use health::{clock, seal, wrapping_ends};
pub use login::Login;
pub use reader::{VaultReader, VaultSecret};

use crate::error::Result;
use crate::model::VaultServer;
use client::VaultClient;
use error::VaultError;
use renewer::{RenewalTarget, seconds};
use token::VaultToken;

/// One login to Vault. It ends with the call that made it.
pub struct Vault {
    client: Arc<VaultClient>,
    token: VaultToken,
    /// Leases that this run got and nobody has revoked yet, each with the duration that Vault granted.
    leases: Mutex<Vec<(String, Duration)>>,
}

impl Vault {
    /// Reads the files of `tls`, and logs in once.
    pub async fn open(server: &VaultServer, login: Login) -> Result<Arc<Self>> {
        let client = VaultClient::open(server)?;
        let fresh = login::login(&client, login).await?;
        let client = Arc::new(client.with(fresh.secret.clone()));
        let token = VaultToken::keep(&client, &fresh);
        Ok(Arc::new(Self { client, token, leases: Mutex::default() }))
    }

    /// Revokes the run's token, and with it all leases. If the token was supplied or is a batch token, revokes each
    /// lease instead. Returns one sentence for each item that could not be revoked.
    pub async fn close(&self) -> Vec<String> {
        self.token.keeper.rest();
        let mut left = std::mem::take(&mut *self.leases());
        if self.token.revocable {
            let revoked = self.client.revoked(async || self.client.revoke_self().await).await;
            let Err(why) = revoked else { return Vec::new() };
            return vec![self.unrevoked(&left, &why).await];
        }
        let mut said = Vec::new();
        while let Some((lease, given)) = left.pop() {
            let revoked = self.client.revoked(async || self.client.revoke(&lease).await).await;
            let Err(error) = revoked else { continue };
            said.push(unrevoked(lease, given, &error));
            if error.may_pass() {
                // Each of the other leases would wait for the same time.
                said.extend(left.drain(..).map(|(lease, given)| unrevoked(lease, given, &error)));
            }
        }
        said
    }

    async fn unrevoked(&self, leases: &[(String, Duration)], error: &VaultError) -> String {
        let (name, end, why) = (RenewalTarget::Token.name(), self.token.keeper.end().await, error.text());
        let ids: Vec<_> = leases.iter().map(|(id, _)| id.as_str()).collect();
        let with = if ids.is_empty() { String::new() } else { format!(", and with it {}", ids.join(", ")) };
        let (accessor, address) = (&self.token.accessor, &self.client.address);
        format!("{name} (accessor {accessor}) could not be revoked at {address}, and {end}{with}: {why}")
    }

    fn lend(&self, lease: &str, given: Duration) {
        self.leases().push((lease.to_owned(), given));
    }

    fn leases(&self) -> MutexGuard<'_, Vec<(String, Duration)>> {
        self.leases.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn unrevoked(lease: String, given: Duration, error: &VaultError) -> String {
    let (name, why) = (RenewalTarget::Lease(lease).name(), error.text());
    format!("{name} could not be revoked, and expires within {}: {why}", seconds(given))
}
