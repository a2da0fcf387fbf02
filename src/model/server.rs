//! The servers for services and their secrets: Nomad and Consul.

use std::time::Duration;

use super::{Reference, Tls};

/// The default of `retry_for`.
pub const RETRY_FOR: Duration = Duration::from_secs(15);

/// Validated `infrastructure:settings:nomad`.
#[derive(Clone, Debug, PartialEq)]
pub struct NomadServer {
    /// As [`super::ConsulLock`] describes its address.
    pub address: String,
    /// Never [`Reference::Plain`].
    pub token: Option<Reference>,
    /// None: the region of the agent.
    pub region: Option<String>,
    pub namespace: String,
    pub secrets: SecretDeliverySettings,
    pub tls: Tls,
    /// How long a request is repeated while the server is unavailable.
    pub retry_for: Duration,
}

/// How a secret from Vault gets into a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SecretDeliverySettings {
    /// Eos reads the secret, and writes a Nomad variable.
    #[default]
    Variables,
    /// Nomad itself reads the secret in Vault, with this Vault role or with its default role.
    Vault { role: Option<String> },
}

/// Validated `infrastructure:settings:consul`: the Consul in which services are registered. Locks have a separate
/// address.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsulServer {
    pub address: String,
    pub token: Option<Reference>,
    pub tls: Tls,
    /// As [`NomadServer`] describes it.
    pub retry_for: Duration,
}
