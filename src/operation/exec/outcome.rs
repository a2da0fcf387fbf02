//! The output of a terraform that has ended.

use crate::decide::{Ending, Trouble};
use crate::process::{Cause, Exit};
use crate::terraform::{self, Diagnostic};

/// The output of a command that has ended.
pub struct Said {
    pub exit: Exit,
    pub diagnostics: Vec<Diagnostic>,
}

impl Said {
    /// Whether the errors of the providers describe the failure completely.
    pub fn ending(&self) -> Ending {
        let orderly = self.exit.code.is_some() && self.exit.cut_short.is_none();
        match orderly && !terraform::provider_died(&self.diagnostics) {
            true => Ending::Orderly,
            false => Ending::Abrupt,
        }
    }

    /// What a failed apply means for a rollback.
    pub fn trouble(&self) -> Trouble {
        match self.exit.stopped {
            Some(Cause::LockLost) => Trouble::LockLost,
            _ if self.exit.code.is_none() || self.exit.cut_short.is_some() => Trouble::CutOff,
            Some(Cause::User) => Trouble::Cancelled,
            Some(Cause::Timeout | Cause::LeaseExpiring) | None => Trouble::Known,
        }
    }
}
