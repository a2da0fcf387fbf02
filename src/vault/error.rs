//! Errors of requests to Vault. They name the address, the path and the key, never a value.

use std::time::Duration;

use serde_json::Value;

use crate::error::{Cause, Code, Error, Layer, Phase};
use crate::http::ServerUnavailable;
use crate::words::Words;

/// Why a request got no usable answer.
#[derive(Clone, Debug, PartialEq)]
pub enum VaultError {
    /// No server answers, or none that is able to. This may be over in a moment.
    Unreachable(ServerUnavailable),
    Sealed,
    /// The token may not do this.
    Denied(String),
    /// The request is wrong, or it went to the wrong server.
    Refused(String),
    /// Another writer has changed the secret since it was read.
    Moved(String),
    /// There is nothing at the path, except perhaps the metadata of a deleted version.
    Missing(Value),
}

impl VaultError {
    pub fn text(&self) -> &str {
        match self {
            Self::Unreachable(unavailable) => &unavailable.text,
            Self::Denied(text) | Self::Refused(text) | Self::Moved(text) => text,
            Self::Sealed => "it is sealed",
            Self::Missing(_) => "HTTP 404: not found",
        }
    }

    /// Whether the problem may be over in a moment.
    pub fn may_pass(&self) -> bool {
        self.retry_after().is_some()
    }

    /// The error behind it, if no answer came. The text of an answer is not kept: it may quote a secret.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unreachable(unavailable) => unavailable.cause.as_ref(),
            _ => None,
        }
    }

    /// The least time before another attempt, as Vault asks for it. None if no other attempt can succeed.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable(unavailable) => Some(unavailable.retry_after),
            Self::Sealed => Some(Duration::ZERO),
            Self::Denied(_) | Self::Refused(_) | Self::Moved(_) | Self::Missing(_) => None,
        }
    }

    /// `what` is the failed action, such as "read secret/aws/credentials".
    pub fn explain(&self, address: &str, what: &str) -> Error {
        let error = match self {
            Self::Unreachable(unavailable) => refuse(
                Code::VaultUnreachable,
                format!("cannot {what}: Vault at {address} cannot be reached: {}", unavailable.text),
                unavailable.remedy(
                    "infrastructure:settings:vault",
                    "start Vault there, or correct infrastructure:settings:vault:address. Nothing runs \
                     without its secrets",
                ),
            ),
            Self::Sealed => refuse(
                Code::VaultSealed,
                format!("cannot {what}: Vault at {address} is sealed, or not initialised"),
                "unseal it, then run again",
            ),
            Self::Denied(text) => refuse(
                Code::VaultDenied,
                format!("cannot {what}: Vault at {address} denies access: {text}"),
                "set infrastructure:settings:vault:auth to a token or a role whose policies allow that path",
            ),
            Self::Refused(text) | Self::Moved(text) => refuse(
                Code::VaultRefused,
                format!("cannot {what}: Vault at {address} refused it: {text}"),
                "correct the reference, or infrastructure:settings:vault",
            ),
            Self::Missing(_) => refuse(
                Code::SecretMissing,
                format!("cannot {what}: Vault at {address} has no secret there"),
                "add it in Vault, or correct the path: mount/path, without data/",
            ),
        };
        error.because_of(self.cause())
    }
}

pub fn refuse(code: Code, message: impl Into<Words>, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Host, Phase::Preparation, code, message, remedy)
}

pub fn unusable(address: &str, reason: &str) -> Error {
    let remedy = "correct infrastructure:settings:vault; the files of tls must be PEM and readable by the \
                  user that runs Salt";
    refuse(Code::VaultSettings, format!("Vault at {address} cannot be used: {reason}"), remedy)
}
