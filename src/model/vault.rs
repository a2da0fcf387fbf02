//! Vault, as the pillar configures it.

use std::time::Duration;

use super::{Reference, Tls};

/// Validated `infrastructure:settings:vault`.
#[derive(Clone, Debug, PartialEq)]
pub struct VaultServer {
    /// As [`super::ConsulLock`] describes its address.
    pub address: String,
    pub namespace: Option<String>,
    pub tls: Tls,
    pub auth: VaultAuth,
    /// The key-value store that holds the secrets of services.
    pub services: String,
    /// As [`super::NomadServer`] describes it.
    pub retry_for: Duration,
}

/// How a run gets its token. Each mount is a name below `auth/`. A reference to a secret is never plain. No reference
/// points into Vault itself.
#[derive(Clone, Debug, PartialEq)]
pub enum VaultAuth {
    /// The token is used unchanged. Eos neither renews nor revokes it.
    Token {
        token: Reference,
    },
    AppRole {
        mount: String,
        role_id: Reference,
        secret_id: Option<Reference>,
    },
    /// The reference yields a wrapping token. It contains the secret_id, and can be used once.
    Wrapped {
        mount: String,
        role_id: Reference,
        wrapped_secret_id: Reference,
    },
    Jwt {
        mount: String,
        role: String,
        jwt: Reference,
    },
}
