//! Secrets that only the task of a service may read.

use std::fmt;

use super::{OutputRef, PillarPath, Reference, VaultPath};

/// One secret. Its name is the name of a variable of the task's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSecret {
    pub origin: SecretOrigin,
    pub delivery: SecretDelivery,
    /// Its path in the pillar.
    pub path: PillarPath,
}

/// Where the value of a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretOrigin {
    /// Never [`Reference::Plain`].
    Reference(Reference),
    Output(OutputRef),
    /// One key in Vault. Eos generates the value if the key is missing.
    Generated {
        path: VaultPath,
        key: String,
        kind: SecretKind,
    },
}

/// How the secret gets into the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretDelivery {
    /// A Nomad variable that Eos writes.
    Variable,
    /// Nomad itself reads the secret in Vault.
    Vault,
}

/// The format of a generated secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// 32 letters and digits, with at least one lower-case letter, one upper-case letter and one digit: 190 bits.
    Password,
    /// 32 bytes in hexadecimal.
    Hex,
    /// 32 bytes in base64.
    Base64,
}

/// The path of the Nomad variable in which Eos stores the secrets of a service. The tasks of the service may read it
/// without an additional policy.
pub fn nomad_variable(service: &str) -> String {
    format!("nomad/jobs/{service}")
}

/// The key in that Nomad variable for one secret of one revision. The template of the job contains this key.
pub fn variable_key(revision: impl fmt::Display, name: &str) -> String {
    format!("r{revision}_{name}")
}

/// The key in Vault beside a generated secret that has its other value while the secret is rotated.
pub fn previous_key(key: &str) -> String {
    format!("{key}_previous")
}

impl SecretKind {
    pub const ALL: [(&str, Self); 3] =
        [("password", Self::Password), ("hex", Self::Hex), ("base64", Self::Base64)];
}

impl SecretOrigin {
    /// The place in Vault, if the secret is stored there.
    pub fn in_vault(&self) -> Option<(&VaultPath, &str)> {
        match self {
            Self::Generated { path, key, .. } | Self::Reference(Reference::Vault { path, key }) => {
                Some((path, key))
            }
            Self::Reference(_) | Self::Output(_) => None,
        }
    }
}
