//! Vault, as the pillar names it.

use super::{Reference, Tls};

/// Validated `infrastructure:settings:vault`.
#[derive(Clone, Debug, PartialEq)]
pub struct VaultServer {
    /// As [`super::ConsulLock`] has it.
    pub address: String,
    pub namespace: Option<String>,
    pub tls: Tls,
    pub auth: VaultAuth,
    /// The key-value store in which service secrets are kept.
    pub services: String,
}

/// How a run gets its token. Mounts are names below `auth/`. References are neither plain, where they are secrets,
/// nor Vault's own.
#[derive(Clone, Debug, PartialEq)]
pub enum VaultAuth {
    /// It is used as it is, and never renewed or revoked.
    Token {
        token: Reference,
    },
    AppRole {
        mount: String,
        role_id: Reference,
        secret_id: Option<Reference>,
    },
    /// The reference is to a wrapping token, which holds the secret_id and can be used once.
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
