//! Whether Vault is ready, and what it says about the token of a run.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::Vault;
use super::client::VaultClient;
use super::error::VaultError;
use super::login::wrapping;
use crate::clock;
use crate::decide::layers::{ServerClock, TokenFacts, VaultSeal, VaultToken};
use crate::error::Result;
use crate::model::VaultServer;

/// Answers with 200 in every state, so that the body tells the state.
const HEALTH: &str =
    "sys/health?standbyok=true&perfstandbyok=true&drsecondarycode=200&sealedcode=200&uninitcode=200";

/// Whether this Vault is initialised and unsealed. Needs no token.
pub async fn seal(server: &VaultServer) -> Result<VaultSeal> {
    // Vault answers this only in the root namespace.
    let client = VaultClient::open(&VaultServer { namespace: None, ..server.clone() })?;
    let explain = |error: VaultError| error.explain(&client.address, "ask for its health");
    let answer = client.get(HEALTH).await.map_err(explain)?;
    let flag = |key: &str| answer[key].as_bool();
    let (Some(initialised), Some(sealed)) = (flag("initialized"), flag("sealed")) else {
        return Err(explain(VaultError::Refused("the answer is not that of a Vault".to_owned())));
    };
    Ok(VaultSeal {
        version: answer["version"].as_str().unwrap_or_default().to_owned(),
        initialised,
        sealed,
        standby: flag("standby").unwrap_or_default(),
    })
}

/// The clock of this Vault. None if it does not tell it.
pub async fn clock(server: &VaultServer) -> Result<Option<ServerClock>> {
    let client = VaultClient::open(server)?;
    client.clock().await.map_err(|error| error.explain(&client.address, "ask for its time"))
}

/// How long a wrapping token is still valid. It stays unused.
pub async fn wrapping_ends(server: &VaultServer, mount: &str, token: &SecretString) -> Result<Duration> {
    let client = VaultClient::open(server)?;
    let found = wrapping(&client, mount, token).await?;
    let ttl = Duration::from_secs(found["creation_ttl"].as_u64().unwrap_or_default());
    let age = found["creation_time"].as_str().and_then(clock::since);
    Ok(ttl.saturating_sub(age.unwrap_or_default()))
}

impl Vault {
    /// What Vault says about the token of this login.
    pub async fn own_token(&self) -> Result<VaultToken> {
        let answer = self.client.get("auth/token/lookup-self").await;
        let answer = answer.map_err(|error| error.explain(&self.client.address, "look up the token"))?;
        let facts = facts(&answer["data"]);
        Ok(if self.token.made { VaultToken::LoggedIn(facts) } else { VaultToken::Supplied(facts) })
    }
}

fn facts(data: &Value) -> TokenFacts {
    let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
    let policies = [&data["policies"], &data["identity_policies"]].map(Value::as_array);
    let policies = policies.into_iter().flatten().flatten().filter_map(Value::as_str);
    TokenFacts {
        accessor: text("accessor"),
        kind: text("type"),
        policies: policies.map(str::to_owned).collect(),
        // Zero means that it never ends.
        ttl: data["ttl"].as_u64().filter(|ttl| *ttl > 0).map(Duration::from_secs),
        renewable: Some(data["renewable"] == true),
    }
}
