//! What one measurement of a gate came to.

use std::time::Duration;

use serde::Serialize;

/// What one measurement came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    pub passed: bool,
    /// `HTTP 503, expected 200-299`; a line, without a secret.
    pub said: String,
    /// Seconds.
    pub duration: f64,
    #[serde(skip)]
    pub outlook: Outlook,
}

/// What a measurement says of the next ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Outlook {
    /// Nothing.
    #[default]
    Open,
    /// So much longer something is under way that may let it pass.
    UnderWay(Duration),
    /// Nobody could say: a server is away, or does not allow it.
    Unseen,
    /// It will not pass, however long one waits.
    Never(Never),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {
    /// What was deployed has failed.
    Failed,
    /// A person stopped the job.
    Stopped,
    /// Somebody else has deployed another version.
    Superseded,
    /// It has to be promoted by a person first.
    AwaitingPromotion,
    /// It is not for our token.
    Denied,
}

/// A measurement that did not pass.
pub struct Miss {
    /// Ours.
    pub what: String,
    /// The system's, or TLS's: it may repeat the address.
    pub why: Option<String>,
    pub outlook: Outlook,
}

impl Miss {
    pub fn new(what: impl Into<String>, why: Option<String>) -> Self {
        Self { what: what.into(), why, outlook: Outlook::Open }
    }
}
