//! The result of one measurement of a health gate.

use std::time::Duration;

use serde::Serialize;

use crate::http::{ConnectionFailure, ServerUnavailable};

/// The result of one measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    pub passed: bool,
    /// One line without secrets, such as `HTTP 503, expected 200-299`.
    pub said: String,
    /// Seconds.
    pub duration: f64,
    #[serde(skip)]
    pub outlook: Outlook,
}

/// What a measurement says about later measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Outlook {
    /// Nothing.
    #[default]
    Open,
    /// Something is in progress that may make the gate pass within this time.
    UnderWay(Duration),
    /// Unknown: a server does not answer. The reason, if it has a remedy of its own.
    Unseen(Option<NoConnection>),
    /// The gate will not pass, however long the run waits.
    Never(FinalReason),
}

/// Why a server cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoConnection {
    /// The place of its settings.
    pub settings: &'static str,
    pub failure: ConnectionFailure,
}

impl NoConnection {
    pub fn of(settings: &'static str, unavailable: &ServerUnavailable) -> Option<Self> {
        unavailable.failure.map(|failure| Self { settings, failure })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalReason {
    /// The deployment has failed.
    Failed,
    /// A person stopped the job.
    Stopped,
    /// Another client has deployed another version.
    Superseded,
    /// A person must promote the deployment first.
    AwaitingPromotion,
    /// The token does not allow the measurement.
    Denied,
}

/// A measurement that did not pass.
pub struct FailedMeasurement {
    /// Eos's own text.
    pub what: String,
    /// A text of the system or of TLS. It may repeat the address.
    pub why: Option<String>,
    pub outlook: Outlook,
}

impl FailedMeasurement {
    pub fn new(what: impl Into<String>, why: Option<String>) -> Self {
        Self { what: what.into(), why, outlook: Outlook::Open }
    }
}
