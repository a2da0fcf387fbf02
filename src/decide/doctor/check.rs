//! One check and its result.

use serde::Serialize;

use crate::error::{Code, Error};
use crate::words::Words;

/// What a check is about, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Salt,
    Host,
    Terraform,
    Nomad,
    Consul,
    Vault,
}

/// The result of a check. The worst is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Ok,
    /// No environment uses it.
    NotUsed,
    /// It could not be checked, and the message says why.
    Unknown,
    /// A run works now, but something needs a look.
    Warning,
    /// A run would fail or be unsafe.
    Wrong,
}

#[derive(Clone, Debug, Serialize)]
pub struct Check {
    pub group: Group,
    pub name: &'static str,
    pub status: CheckStatus,
    pub message: Words,
    /// What to do. Empty if there is nothing to do.
    pub remedy: Words,
    pub code: Option<Code>,
    /// The environments that it holds for. Empty: for all that were examined.
    pub environments: Vec<String>,
}

impl Check {
    pub fn ok(group: Group, name: &'static str, message: impl Into<Words>) -> Self {
        let (status, message, remedy) = (CheckStatus::Ok, message.into(), Words::default());
        Self { group, name, status, message, remedy, code: None, environments: Vec::new() }
    }

    /// A check that could not be made.
    pub fn unknown(group: Group, name: &'static str, message: impl Into<Words>) -> Self {
        Self { status: CheckStatus::Unknown, ..Self::ok(group, name, message) }
    }

    pub fn bad(
        group: Group,
        name: &'static str,
        (status, code): (CheckStatus, Code),
        message: impl Into<Words>,
        remedy: impl Into<Words>,
    ) -> Self {
        let remedy = remedy.into();
        Self { status, code: Some(code), remedy, ..Self::ok(group, name, message) }
    }

    /// The check whose result is this error.
    pub fn of_error(group: Group, name: &'static str, status: CheckStatus, error: Error) -> Self {
        let message = match error.component {
            Some(component) => Words::from(&component).and(": ").and(error.message),
            None => error.message,
        };
        Self::bad(group, name, (status, error.code), message, error.remedy)
    }

    /// Whether both say the same, perhaps for different environments.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.group, self.status, &self.message) == (other.group, other.status, &other.message)
            && self.remedy == other.remedy
    }
}
