//! Publishes keys and services in Consul, for other programs to read.

use std::time::Duration;

use secrecy::SecretString;

use crate::consul::{self, ConsulClient, ConsulError, Registration};
use crate::model::ConsulServer;

/// The Consul of `infrastructure:settings:consul`. Every request here is safe to repeat. No Debug, because it contains
/// a token.
pub struct Publisher {
    client: ConsulClient,
    retry_for: Duration,
}

impl Publisher {
    pub fn open(server: &ConsulServer, token: Option<SecretString>) -> Result<Self, String> {
        let client =
            ConsulClient::open(&server.address, &server.tls, token).map_err(|why| why.to_string())?;
        Ok(Self { client, retry_for: server.retry_for })
    }

    pub async fn put(&self, key: &str, value: Vec<u8>) -> Result<(), String> {
        self.insist(&keys(key), async || consul::put(&self.client, key, value.clone()).await).await
    }

    /// Deletes a key. A key that does not exist is not an error.
    pub async fn delete(&self, key: &str) -> Result<(), String> {
        self.insist(&keys(key), async || consul::delete(&self.client, key).await).await
    }

    /// Returns the names of all keys below a folder.
    pub async fn keys(&self, folder: &str) -> Result<Vec<String>, String> {
        self.insist(&keys(folder), async || consul::keys(&self.client, folder).await).await
    }

    pub async fn register(&self, registration: &Registration<'_>) -> Result<(), String> {
        let needs = services(registration.node);
        self.insist(&needs, async || consul::register(&self.client, registration).await).await
    }

    /// Removes the node with everything on it.
    pub async fn deregister(&self, node: &str) -> Result<(), String> {
        self.insist(&services(node), async || consul::deregister(&self.client, node).await).await
    }

    /// `needs` is the rule that the token's policy must have.
    async fn insist<T>(
        &self,
        needs: &str,
        ask: impl AsyncFn() -> Result<T, ConsulError>,
    ) -> Result<T, String> {
        let answer = ConsulClient::patiently(self.retry_for, ask).await;
        answer.map_err(|error| told(&error, &self.client.address, needs))
    }
}

fn keys(key: &str) -> String {
    format!("key_prefix \"{}\" write", key.trim_end_matches(|letter| letter != '/'))
}

fn services(node: &str) -> String {
    format!("service_prefix \"\" write and node \"{node}\" write")
}

fn told(error: &ConsulError, address: &str, needs: &str) -> String {
    let text = error.text();
    match error {
        ConsulError::Unreachable(_) => format!("the Consul at {address} cannot be reached: {text}"),
        ConsulError::Denied(_) => format!(
            "the Consul at {address} denies access: {text}; set infrastructure:settings:consul:token to a \
             token whose policy has {needs}"
        ),
        ConsulError::Refused(_) => format!("the Consul at {address} refused: {text}"),
    }
}
