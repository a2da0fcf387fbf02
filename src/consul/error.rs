//! Errors of requests to Consul, classified in one place for all callers.

use std::time::Duration;

use crate::error::Cause;
use crate::http::{HttpAnswer, ServerUnavailable};

/// The meaning of an answer that is not 200, 404 or 409.
#[derive(Clone, Debug, PartialEq)]
pub enum ConsulError {
    /// No server answers, or none that is able to: 429 (a rate limit of Consul or of a proxy) and 5xx (no leader, or a
    /// Consul that is overloaded or starts). Another attempt may succeed.
    Unreachable(ServerUnavailable),
    /// 403: an access rule forbids it, or Consul does not know the token. No other attempt will succeed.
    Denied(String),
    /// The request is wrong, or it went to the wrong server. No other attempt will succeed.
    Refused(String),
}

impl ConsulError {
    /// Classifies an answer. `said` returns the answer as one line.
    pub fn check(answer: &HttpAnswer, said: impl Fn() -> String) -> Result<(), Self> {
        match answer.status {
            200 | 404 | 409 => Ok(()),
            403 => Err(Self::Denied(said())),
            _ if answer.may_pass() => Err(Self::Unreachable(answer.away(said()))),
            _ => Err(Self::Refused(said())),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Unreachable(unavailable) => &unavailable.text,
            Self::Denied(text) | Self::Refused(text) => text,
        }
    }

    /// The error behind it, if no answer came. The text of an answer is not kept: it may quote a secret.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unreachable(unavailable) => unavailable.cause.as_ref(),
            _ => None,
        }
    }

    /// The least time before another attempt, as Consul asks for it. None if no other attempt can succeed.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable(unavailable) => Some(unavailable.retry_after),
            Self::Denied(_) | Self::Refused(_) => None,
        }
    }
}
