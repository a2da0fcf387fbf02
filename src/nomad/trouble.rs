//! What goes wrong between us and Nomad, and how it is told.

use crate::error::{Error, Layer, Phase};

/// Why there is no answer that says something.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Nobody answers, or nobody who can: it may be over in a moment.
    Unreachable(String),
    /// The token may not do this.
    Denied(String),
    /// There is no such thing.
    Missing(String),
    /// What was asked is wrong.
    Refused(String),
    /// Somebody has changed it since it was read. Nomad's answer holds what is there now, and is not kept.
    Moved,
}

impl Trouble {
    /// Whether it may be over in a moment.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Unreachable(text) | Self::Denied(text) | Self::Missing(text) | Self::Refused(text) => text,
            Self::Moved => "it was changed since it was read",
        }
    }

    /// `address` and `phase` name the place; what was asked is in the text.
    pub fn explain(&self, address: &str, phase: Phase) -> Error {
        let refuse = |code: &'static str, what: &str, remedy: &'static str| {
            let message = format!("the Nomad at {address} {what}: {}", self.text());
            Error::new(Layer::Nomad, phase, code, message, remedy)
        };
        match self {
            Self::Unreachable(_) => refuse(
                "nomad_unreachable",
                "cannot be reached",
                "start Nomad there, or correct infrastructure:settings:nomad:address",
            ),
            Self::Denied(_) => refuse(
                "nomad_denied",
                "does not allow this",
                "give infrastructure:settings:nomad:token a token whose policy has read-job, submit-job, read-logs and read-fs in the job's namespace, and for a service's secrets read, write and destroy on variables below nomad/jobs",
            ),
            Self::Missing(_) => refuse(
                "nomad_not_found",
                "has no such thing",
                "look at the job's name, its namespace and infrastructure:settings:nomad",
            ),
            Self::Moved => refuse("nomad_moved", "has another one now", "run again"),
            Self::Refused(_) => refuse(
                "nomad_refused",
                "refused",
                "infrastructure:settings:nomad:address must be that of a Nomad, and its region one that this Nomad knows",
            ),
        }
    }
}

pub fn unusable(address: &str, reason: &str) -> Error {
    let message = format!("the Nomad at {address} cannot be used: {reason}");
    let remedy = "correct infrastructure:settings:nomad; the files of tls are PEM, readable to the user that runs Salt";
    Error::new(Layer::Nomad, Phase::Preparation, "nomad_unusable", message, remedy)
}
