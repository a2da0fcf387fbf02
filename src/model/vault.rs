//! Vault, as the pillar names it.

use std::fmt;

use super::reference::is_plain_part;
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

/// `mount/path`: at least two parts, each of which leads down. It needs no escaping in a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultPath(String);

impl VaultPath {
    pub fn new(text: &str) -> Result<Self, String> {
        let parts = || text.split('/');
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~@:=+,".contains(&byte);
        if parts().count() < 2 || !parts().all(is_plain_part) {
            return Err("must be followed by mount/path, without empty parts, '.' and '..'".to_owned());
        }
        match parts().all(|part| part.bytes().all(good)) {
            true => Ok(Self(text.to_owned())),
            false => Err("a path may hold letters, digits and -_.~@:=+, alone".to_owned()),
        }
    }

    /// Where the secrets of one service of an environment are kept.
    pub fn of_service(mount: &str, environment: &str, service: &str) -> Result<Self, String> {
        Self::new(&format!("{mount}/services/{environment}/{service}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VaultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
