//! What the task of a service is given that nobody else may see.

use std::fmt;

use super::{OutputRef, PillarPath, Reference, VaultPath};

/// One secret; its name is that of a variable of the task's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSecret {
    pub origin: SecretOrigin,
    pub bearer: Bearer,
    /// Its path in the pillar.
    pub path: PillarPath,
}

/// Where its value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretOrigin {
    /// Never [`Reference::Plain`].
    Reference(Reference),
    Output(OutputRef),
    /// One key of Vault's, made where it is missing.
    Generated {
        path: VaultPath,
        key: String,
        kind: SecretKind,
    },
}

/// Who brings it to the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// A variable of Nomad's, which Eos writes.
    Variable,
    /// Nomad reads it in Vault itself.
    Vault,
}

/// What a generated secret is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// 32 letters and digits, of each case and kind at least one: 190 bits.
    Password,
    /// 32 bytes in hexadecimal.
    Hex,
    /// 32 bytes in base64.
    Base64,
}

/// Where Nomad keeps what Eos hands to a service: its tasks may read there without a policy of their own.
pub fn nomad_variable(service: &str) -> String {
    format!("nomad/jobs/{service}")
}

/// Under which key that variable has a secret of one revision: a job's template names it.
pub fn handed_key(revision: impl fmt::Display, name: &str) -> String {
    format!("r{revision}_{name}")
}

impl SecretKind {
    pub const ALL: [(&str, Self); 3] =
        [("password", Self::Password), ("hex", Self::Hex), ("base64", Self::Base64)];
}

impl SecretOrigin {
    /// Where Vault has it.
    pub fn in_vault(&self) -> Option<(&VaultPath, &str)> {
        match self {
            Self::Generated { path, key, .. } | Self::Reference(Reference::Vault { path, key }) => {
                Some((path, key))
            }
            Self::Reference(_) | Self::Output(_) => None,
        }
    }
}
