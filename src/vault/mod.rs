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

use std::sync::{Arc, Mutex};

pub use generate::Kind;
pub use login::Login;
pub use reading::{Reading, Secret};

use crate::error::Result;
use crate::model::VaultServer;
use client::Client;
use token::Token;

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
    /// each lease. In one sentence each, what could not be revoked.
    pub async fn close(&self) -> Vec<String> {
        self.token.keeper.rest();
        let leases =
            std::mem::take(&mut *self.leases.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        if self.token.revocable {
            return match self.client.revoke_self().await {
                Ok(()) => Vec::new(),
                Err(trouble) => vec![format!(
                    "the run's token at Vault could not be revoked, and ends with its time to live: {}",
                    trouble.text()
                )],
            };
        }
        let mut left = Vec::new();
        for lease in leases {
            if let Err(trouble) = self.client.revoke(&lease).await {
                left.push(format!(
                    "the lease {lease} at Vault could not be revoked, and ends with its time to live: {}",
                    trouble.text()
                ));
            }
        }
        left
    }

    fn lend(&self, lease: &str) {
        self.leases.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(lease.to_owned());
    }
}
