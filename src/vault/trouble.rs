//! Errors of requests to Vault. They name the address, the path and the key, never a value.

use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Layer, Phase};
use crate::http::Away;
use crate::words::Words;

/// Why a request got no usable answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// No server answers, or none that is able to. This may be over in a moment.
    Unreachable(Away),
    Sealed,
    /// The token may not do this.
    Denied(String),
    /// The request is wrong, or it went to the wrong server.
    Refused(String),
    /// There is nothing at the path, except perhaps the metadata of a deleted version.
    Missing(Value),
}

impl Trouble {
    pub fn text(&self) -> &str {
        match self {
            Self::Unreachable(away) => &away.text,
            Self::Denied(text) | Self::Refused(text) => text,
            Self::Sealed => "it is sealed",
            Self::Missing(_) => "HTTP 404: there is nothing",
        }
    }

    /// Whether the problem may be over in a moment.
    pub fn may_pass(&self) -> bool {
        self.retry_after().is_some()
    }

    /// The least time before another attempt, as Vault asks for it. None if no other attempt can succeed.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable(away) => Some(away.retry_after),
            Self::Sealed => Some(Duration::ZERO),
            Self::Denied(_) | Self::Refused(_) | Self::Missing(_) => None,
        }
    }

    /// `what` is the failed action, such as "read secret/aws/credentials".
    pub fn explain(&self, address: &str, what: &str) -> Error {
        match self {
            Self::Unreachable(Away { text, .. }) => refuse(
                "vault_unreachable",
                format!("cannot {what}: Vault at {address} cannot be reached: {text}"),
                "start it there, or correct infrastructure:settings:vault:address; nothing is run without its secrets",
            ),
            Self::Sealed => refuse(
                "vault_sealed",
                format!("cannot {what}: Vault at {address} is sealed, or not initialised"),
                "unseal it, then run again",
            ),
            Self::Denied(text) => refuse(
                "vault_denied",
                format!("cannot {what}: Vault at {address} does not allow it: {text}"),
                "give infrastructure:settings:vault:auth a token or a role whose policies allow that path",
            ),
            Self::Refused(text) => refuse(
                "vault_refused",
                format!("cannot {what}: Vault at {address} refused it: {text}"),
                "correct the reference, or infrastructure:settings:vault",
            ),
            Self::Missing(_) => refuse(
                "secret_missing",
                format!("cannot {what}: Vault at {address} has nothing there"),
                "write it there, or correct the path: mount/path, without data/",
            ),
        }
    }
}

pub fn refuse(code: &'static str, message: impl Into<Words>, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Host, Phase::Preparation, code, message, remedy)
}

pub fn unusable(address: &str, reason: &str) -> Error {
    let remedy = "correct infrastructure:settings:vault; files of its tls are PEM, readable to the user that runs Salt";
    refuse("vault_settings", format!("Vault at {address} cannot be asked: {reason}"), remedy)
}
