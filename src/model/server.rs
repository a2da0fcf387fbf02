//! The servers that services and secrets are kept by.

use super::{Reference, Tls};

/// Validated `infrastructure:settings:nomad`.
#[derive(Clone, Debug, PartialEq)]
pub struct NomadServer {
    /// As [`super::ConsulLock`] has it.
    pub address: String,
    /// Never [`Reference::Plain`].
    pub token: Option<Reference>,
    /// The agent's own where it is left out.
    pub region: Option<String>,
    pub namespace: String,
    pub secrets: HandsSecrets,
    pub tls: Tls,
}

/// How a secret that Vault has reaches a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum HandsSecrets {
    /// Eos reads it, and writes a variable of Nomad's.
    #[default]
    Variables,
    /// Nomad reads it itself, by this role of Vault's, or its own default.
    Vault { role: Option<String> },
}

/// Validated `infrastructure:settings:consul`: where services are registered. Locks have an address of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsulServer {
    pub address: String,
    pub token: Option<Reference>,
    pub tls: Tls,
}
