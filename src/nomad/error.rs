//! Errors of requests to Nomad.

use crate::error::{Cause, Code, Error, Layer, Phase};
use crate::http::ServerUnavailable;

/// Why a request got no usable answer.
#[derive(Clone, Debug, PartialEq)]
pub enum NomadError {
    /// No server answers, or none that is able to. This may be over in a moment.
    Unreachable(ServerUnavailable),
    /// The token may not do this.
    Denied(String),
    /// The requested object does not exist.
    Missing(String),
    /// The request is wrong.
    Refused(String),
    /// Another client changed the object since it was read. Nomad's answer contains the new object, which may be
    /// secret, so it is not kept.
    Moved,
}

impl NomadError {
    /// Whether the problem may be over in a moment.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Unreachable(unavailable) => &unavailable.text,
            Self::Denied(text) | Self::Missing(text) | Self::Refused(text) => text,
            Self::Moved => "it was changed after it was read",
        }
    }

    /// Whether the answer means that this Nomad has no access control.
    pub(super) fn is_without_acl(&self) -> bool {
        matches!(self, Self::Refused(said) if said.contains("ACL support disabled"))
    }

    /// Names the right that the request needs, if the token does not have it.
    pub(super) fn lacking(self, right: &str, what: &str) -> Self {
        match self {
            // A token that Nomad does not know has another text.
            Self::Denied(said) if said.contains("Permission denied") => {
                Self::Denied(format!("{said}: the token lacks the right {right} {what}"))
            }
            other => other,
        }
    }

    /// The error behind it, if no answer came. The text of an answer is not kept: it may quote a secret.
    fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unreachable(unavailable) => unavailable.cause.as_ref(),
            _ => None,
        }
    }

    /// Makes the error. `address` is that of the Nomad server.
    pub fn explain(&self, address: &str, phase: Phase) -> Error {
        let refuse = |code: Code, what: &str, remedy: &str| {
            let message = format!("the Nomad at {address} {what}: {}", self.text());
            Error::new(Layer::Nomad, phase, code, message, remedy.to_owned()).because_of(self.cause())
        };
        match self {
            Self::Unreachable(unavailable) => refuse(
                Code::NomadUnreachable,
                "cannot be reached",
                &unavailable.remedy(
                    "infrastructure:settings:nomad",
                    "start Nomad there, or correct infrastructure:settings:nomad:address",
                ),
            ),
            Self::Denied(_) => refuse(
                Code::NomadDenied,
                "denies access",
                "set infrastructure:settings:nomad:token to a token whose policy has read-job, submit-job and \
                 read-logs in the job's namespace, for secrets of services read, write and destroy on \
                 variables below nomad/jobs, and for volumes mount-readwrite or csi-mount-volume",
            ),
            Self::Missing(_) => refuse(
                Code::NomadNotFound,
                "does not have it",
                "check the job's name, its namespace and infrastructure:settings:nomad",
            ),
            Self::Moved => refuse(Code::NomadMoved, "has a newer one now", "run again"),
            Self::Refused(_) => refuse(
                Code::NomadRefused,
                "refused",
                "infrastructure:settings:nomad:address must be the address of a Nomad that knows the region",
            ),
        }
    }
}

pub fn unusable(address: &str, reason: &str) -> Error {
    let message = format!("the Nomad at {address} cannot be used: {reason}");
    let remedy = "correct infrastructure:settings:nomad; the files of tls must be PEM and readable by the \
                  user that runs Salt";
    Error::new(Layer::Nomad, Phase::Preparation, Code::NomadUnusable, message, remedy)
}
