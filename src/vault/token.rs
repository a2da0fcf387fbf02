//! The run's token.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::client::VaultClient;
use super::renewer::{RenewalTarget, Renewer, duration};

/// A new token.
pub struct NewToken {
    pub secret: SecretString,
    /// The id with which another person can revoke the token. It allows little else.
    accessor: String,
    /// Made by this run's login. Otherwise the token was supplied, and Eos must not renew or revoke it.
    made: bool,
    /// A batch token, which can be neither renewed nor revoked.
    batch: bool,
    renewable: bool,
    /// The duration that Vault granted. Zero means that the token never ends.
    given: Duration,
}

impl NewToken {
    /// `auth` is that part of a login's answer. None if it contains no token.
    pub fn made(auth: &Value) -> Option<Self> {
        Some(Self {
            secret: auth["client_token"].as_str().filter(|text| !text.is_empty())?.into(),
            accessor: auth["accessor"].as_str().unwrap_or_default().to_owned(),
            made: true,
            batch: auth["token_type"] == "batch",
            renewable: auth["renewable"] == true,
            given: duration(auth),
        })
    }

    /// `data` is Vault's description of the token.
    pub fn supplied(secret: SecretString, data: &Value) -> Self {
        let given = Duration::from_secs(data["ttl"].as_u64().unwrap_or_default());
        let accessor = String::new();
        Self { secret, accessor, made: false, batch: data["type"] == "batch", renewable: false, given }
    }
}

pub struct VaultToken {
    pub keeper: Renewer,
    pub accessor: String,
    /// Made by this run's login. It must last as long as the values that it reads are used.
    pub made: bool,
    /// Revoked at the end of the run, together with all its leases.
    pub revocable: bool,
}

impl VaultToken {
    pub fn keep(client: &Arc<VaultClient>, fresh: &NewToken) -> Self {
        let renewable = fresh.made && fresh.renewable && !fresh.batch;
        Self {
            keeper: Renewer::over(client, RenewalTarget::Token, fresh.given, renewable),
            accessor: fresh.accessor.clone(),
            made: fresh.made,
            revocable: fresh.made && !fresh.batch,
        }
    }
}
