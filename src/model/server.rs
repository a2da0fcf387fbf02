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
    pub tls: Tls,
}

/// Validated `infrastructure:settings:consul`: where services are registered. Locks have an address of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsulServer {
    pub address: String,
    pub token: Option<Reference>,
    pub tls: Tls,
}
