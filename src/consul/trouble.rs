//! Why Consul gave no answer that says something: one judgement for all who ask it.

use std::time::Duration;

use crate::http::{Answer, Away};

/// What an answer means that is none of 200, 404 and 409.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Nobody answers, or nobody who can: 429 (a rate limit of Consul's or of a proxy) and 5xx (no leader, a Consul that
    /// is overloaded or starts). Another try may be answered.
    Unreachable(Away),
    /// 403: an access rule, or a token that Consul does not know. No other try will be answered.
    Denied(String),
    /// What was asked, or who was asked, is wrong. No other try will be answered.
    Refused(String),
}

impl Trouble {
    /// `said` is the answer in one line.
    pub fn judge(answer: &Answer, said: impl Fn() -> String) -> Result<(), Self> {
        match answer.status {
            200 | 404 | 409 => Ok(()),
            403 => Err(Self::Denied(said())),
            _ if answer.may_pass() => Err(Self::Unreachable(answer.away(said()))),
            _ => Err(Self::Refused(said())),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Unreachable(away) => &away.text,
            Self::Denied(text) | Self::Refused(text) => text,
        }
    }

    /// How long Consul asks to be left alone before another try; None where no try will be answered.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable(away) => Some(away.retry_after),
            Self::Denied(_) | Self::Refused(_) => None,
        }
    }
}
