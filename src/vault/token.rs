//! The run's token.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::client::Client;
use super::keeper::{Keeper, What, duration};

/// A token as it was just given.
pub struct Fresh {
    pub secret: SecretString,
    /// By which somebody else may revoke it, and do little more.
    accessor: String,
    /// By us; else somebody supplied it, and it is not ours to renew or revoke.
    made: bool,
    /// It can be neither renewed nor revoked.
    batch: bool,
    renewable: bool,
    /// Zero never ends.
    given: Duration,
}

impl Fresh {
    /// `auth` of a login's answer; None where there is no token in it.
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

    /// `data` is what Vault says of it.
    pub fn supplied(secret: SecretString, data: &Value) -> Self {
        let given = Duration::from_secs(data["ttl"].as_u64().unwrap_or_default());
        let accessor = String::new();
        Self { secret, accessor, made: false, batch: data["type"] == "batch", renewable: false, given }
    }
}

pub struct Token {
    pub keeper: Keeper,
    pub accessor: String,
    /// Made by us: it has to last for whatever is read by it.
    pub made: bool,
    /// At the end it goes, and all of its leases with it.
    pub revocable: bool,
}

impl Token {
    pub fn keep(client: &Arc<Client>, fresh: &Fresh) -> Self {
        let renewable = fresh.made && fresh.renewable && !fresh.batch;
        Self {
            keeper: Keeper::over(client, What::Token, fresh.given, renewable),
            accessor: fresh.accessor.clone(),
            made: fresh.made,
            revocable: fresh.made && !fresh.batch,
        }
    }
}
