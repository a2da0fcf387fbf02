//! The one error type. An error says what is wrong, where, and what to do, and keeps the details.

mod cause;
mod code;
pub mod open_files;

use std::{fmt, io};

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::model::Name;
use crate::words::{Words, words};

pub use cause::Cause;
pub use code::Code;

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
#[derive(Clone, Debug)]
pub struct Error {
    pub layer: Layer,
    pub phase: Phase,
    pub component: Option<Name>,
    /// A stable word for programs, such as `locked` or `terraform_missing`.
    pub code: Code,
    pub message: Words,
    /// What the reader can do next.
    pub remedy: Words,
    /// Details for programs: resource addresses, paths, Terraform's diagnostics.
    pub details: Value,
    /// The error that caused this one. A report does not have it.
    pub cause: Option<Cause>,
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            layer: Layer,
            phase: Phase,
            component: Option<&'a Name>,
            code: Code,
            message: &'a Words,
            remedy: &'a Words,
            commands: Vec<&'a str>,
            #[serde(skip_serializing_if = "Value::is_null")]
            details: &'a Value,
        }
        let Self { layer, phase, component, code, message, remedy, details, .. } = self;
        let commands = message.commands().chain(remedy.commands()).collect();
        let (layer, phase, code, component) = (*layer, *phase, *code, component.as_ref());
        Written { layer, phase, component, code, message, remedy, commands, details }.serialize(serializer)
    }
}

impl Error {
    pub fn new(
        layer: Layer,
        phase: Phase,
        code: Code,
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
            cause: None,
        }
    }

    /// The remedy for a read-only disk. Another root is no remedy: it would have no states.
    pub const READ_ONLY: &str =
        "find out why that file system is read-only (see dmesg), mount it writable, then run again";

    /// A file of Eos that could not be read or written.
    pub fn file(path: &std::path::Path, doing: &str, source: io::Error) -> Self {
        if open_files::are_too_many(&source) {
            return open_files::error(&format!("{doing} {}", path.display()), source);
        }
        let remedy = match source.kind() {
            io::ErrorKind::PermissionDenied => "make it accessible to the user that runs Salt",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some space on that file system, then run again"
            }
            io::ErrorKind::ReadOnlyFilesystem => Self::READ_ONLY,
            _ => "check that path; workdirs are below infrastructure:settings:root",
        };
        let message = Words::own(format!("cannot {doing} {}: {source}", path.display()));
        Self::new(Layer::Host, Phase::Preparation, Code::File, message, remedy).because(source)
    }

    pub fn of(mut self, component: &Name) -> Self {
        self.component.get_or_insert_with(|| component.clone());
        self
    }

    pub fn during(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    /// With the error that caused this one. It must not quote a secret: see [`Cause`].
    pub fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Cause::new(cause));
        self
    }

    /// With the cause of another error, if that has one.
    pub fn because_of(mut self, cause: Option<&Cause>) -> Self {
        self.cause = cause.cloned();
        self
    }

    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Words::from(self))
    }
}

/// The whole error in one text. What the remedy names as a command stays a command.
impl From<&Error> for Words {
    fn from(error: &Error) -> Self {
        let place = error.component.iter().map(|component| words![component, ": "]);
        let remedy = Some(&error.remedy).filter(|remedy| !remedy.is_empty());
        let remedy = remedy.map(|remedy| words![" (", remedy, ")"]);
        place.chain([error.message.clone()]).chain(remedy).fold(Self::default(), Self::and)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(Cause::error)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::path::Path;

    use super::*;
    use crate::command_line::command;
    use crate::words::words;

    #[test]
    fn an_error_of_a_file_keeps_its_source() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = Error::file(Path::new("/a"), "write", full).during(Phase::Planning);
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::StorageFull));
    }

    #[test]
    fn a_report_lists_the_commands_in_both_texts() {
        let remedy =
            words!["correct it: ", Words::shell("chown salt /srv"), "; then ", command("plan").of("staging")];
        let message = words!["wrong: ", Words::shell("df -i /srv"), " shows it"];
        let error = Error::new(Layer::Host, Phase::Planning, Code::File, message, remedy);
        let commands = ["df -i /srv", "chown salt /srv", "salt-run infrastructure.plan staging"];
        assert_eq!(serde_json::json!(error)["commands"], serde_json::json!(commands));
    }

    #[test]
    fn no_report_shows_the_text_of_a_source() {
        let error = Error::new(Layer::Salt, Phase::Planning, Code::Internal, "it failed", "look at it");
        let error = error.because(io::Error::other("hunter2"));
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("hunter2"));
        let shown = format!("{error} {error:?} {}", serde_json::to_string(&error).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
