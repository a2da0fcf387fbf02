//! The one error type. An error says what is wrong, where, and what to do, and keeps the details.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::model::Name;
use crate::words::Words;

/// The code of an error that is not a failure: the run was asked to stop.
pub const CANCELLED: &str = "cancelled";

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The layer that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The pillar, the arguments, or an action of Salt.
    Salt,
    /// Terraform, its providers and its backend.
    Terraform,
    /// This host: files, processes, locks.
    Host,
    /// The deployed service, as its health gates see it.
    Service,
    /// Nomad, in requests that Eos sends to it.
    Nomad,
}

/// The phase in which the error occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Validation,
    Preparation,
    Planning,
    Application,
    Verification,
    Rollback,
}

/// What is wrong, for which component, and what to do. Never contains a secret.
#[derive(Clone, Debug, Serialize)]
pub struct Error {
    pub layer: Layer,
    pub phase: Phase,
    pub component: Option<Name>,
    /// A stable word for programs, such as `locked` or `terraform_missing`.
    pub code: &'static str,
    pub message: Words,
    /// What the reader can do next.
    pub remedy: Words,
    /// Details for programs: resource addresses, paths, Terraform's diagnostics.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

impl Error {
    pub fn new(
        layer: Layer,
        phase: Phase,
        code: &'static str,
        message: impl Into<Words>,
        remedy: impl Into<Words>,
    ) -> Self {
        Self {
            layer,
            phase,
            component: None,
            code,
            message: message.into(),
            remedy: remedy.into(),
            details: Value::Null,
        }
    }

    /// A file of Eos that could not be read or written.
    pub fn file(path: &std::path::Path, doing: &str, source: &std::io::Error) -> Self {
        let remedy = match source.kind() {
            std::io::ErrorKind::PermissionDenied => {
                "make it accessible to the user that runs Salt, or choose another infrastructure:settings:root"
            }
            std::io::ErrorKind::StorageFull => "free some space on that file system, then run again",
            std::io::ErrorKind::ReadOnlyFilesystem => {
                "mount it writable, or choose another infrastructure:settings:root"
            }
            _ => "look at that path; workdirs stand below infrastructure:settings:root",
        };
        let message = Words::own(format!("cannot {doing} {}: {source}", path.display()));
        Self::new(Layer::Host, Phase::Preparation, "file", message, remedy)
    }

    pub fn of(mut self, component: &Name) -> Self {
        self.component.get_or_insert_with(|| component.clone());
        self
    }

    pub fn during(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(component) = &self.component {
            write!(f, "{component}: ")?;
        }
        f.write_str(&self.message)?;
        if !self.remedy.is_empty() {
            write!(f, " ({})", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
