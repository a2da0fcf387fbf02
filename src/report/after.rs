//! What kept a component from being started.

use serde::{Deserialize, Serialize};

use super::Status;
use crate::model::Name;

/// The component after which another one was not started, and what happened to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct After {
    pub component: Name,
    pub status: Status,
}

impl After {
    /// `net is blocked`
    pub fn now(&self) -> String {
        let Self { component, status } = self;
        match status {
            Status::Blocked => format!("{component} is blocked"),
            _ => self.then(),
        }
    }

    /// The same later: `net was blocked`.
    pub fn then(&self) -> String {
        let Self { component, status } = self;
        match status {
            Status::Blocked => format!("{component} was blocked"),
            Status::Cancelled => format!("{component} was stopped"),
            _ => format!("{component} failed"),
        }
    }
}
