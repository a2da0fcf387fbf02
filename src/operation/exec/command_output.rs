//! The output of a terraform that has ended.

use crate::decide::{ApplyFailure, TerraformEnd};
use crate::process::{Cause, Exit};
use crate::terraform::{self, Diagnostic};

/// The output of a command that has ended.
pub struct CommandOutput {
    pub exit: Exit,
    pub diagnostics: Vec<Diagnostic>,
}

impl CommandOutput {
    /// Whether the errors of the providers describe the failure completely.
    pub fn end(&self) -> TerraformEnd {
        let orderly = self.exit.code.is_some() && self.exit.cut_short.is_none();
        match orderly && !terraform::provider_died(&self.diagnostics) {
            true => TerraformEnd::Orderly,
            false => TerraformEnd::Abrupt,
        }
    }

    /// What a failed apply means for a rollback.
    pub fn apply_failure(&self) -> ApplyFailure {
        match self.exit.stopped {
            Some(Cause::LockLost) => ApplyFailure::LockLost,
            _ if self.exit.code.is_none() || self.exit.cut_short.is_some() => ApplyFailure::Interrupted,
            Some(Cause::User) => ApplyFailure::Cancelled,
            Some(Cause::Timeout | Cause::LeaseExpiring) | None => ApplyFailure::StateKnown,
        }
    }
}
