//! The status of a component.

use serde::{Deserialize, Serialize};

/// The status of a component. Readers must accept words that they do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", from = "String")]
pub enum Status {
    Applied,
    Unchanged,
    /// The component has changes, and this operation does not apply them.
    Planned,
    /// The component reads an output that a pending change decides.
    PendingInputs,
    /// Policy stopped its plan, or it waits for something that only a person or a call can supply. Other components
    /// continue.
    Blocked,
    Failed,
    Skipped,
    Destroyed,
    /// Destroyed, except the resources that hold data.
    DataKept,
    Cancelled,
    /// In the pillar, but nothing about it is recorded here, for example because it never ran.
    Absent,
    /// Recorded, but removed from the pillar.
    Orphaned,
    /// The gates were checked now, and they pass.
    Healthy,
    Unhealthy,
    /// Changed outside of Terraform.
    Drifted,
    /// The apply failed, but a plan finds nothing left to do.
    AppliedWithWarnings,
    /// The run failed, and the component is back at its known-good configuration.
    RolledBack,
    /// The rollback would delete or replace something that must not be lost without approval.
    RollbackNeedsApproval,
    /// The rollback failed: the component is neither in its new nor in its old configuration. Eos tries nothing more by
    /// itself.
    RollbackFailed,
    /// The run failed, and its changes to this component remain.
    Kept,
}

impl From<String> for Status {
    fn from(word: String) -> Self {
        Self::from_word(&word)
    }
}

impl Status {
    const ALL: [Self; 20] = [
        Self::Applied,
        Self::Unchanged,
        Self::Planned,
        Self::PendingInputs,
        Self::Blocked,
        Self::Failed,
        Self::Skipped,
        Self::Destroyed,
        Self::DataKept,
        Self::Cancelled,
        Self::Absent,
        Self::Orphaned,
        Self::Healthy,
        Self::Unhealthy,
        Self::Drifted,
        Self::AppliedWithWarnings,
        Self::RolledBack,
        Self::RollbackNeedsApproval,
        Self::RollbackFailed,
        Self::Kept,
    ];

    /// The result of a run with this component alone: null if its changes wait, false if it is not as requested.
    pub fn result(self) -> Option<bool> {
        match self {
            Self::Planned | Self::PendingInputs => None,
            Self::Failed
            | Self::Blocked
            | Self::Skipped
            | Self::Cancelled
            | Self::Unhealthy
            | Self::RolledBack
            | Self::RollbackNeedsApproval
            | Self::RollbackFailed
            | Self::Kept => Some(false),
            Self::Applied
            | Self::AppliedWithWarnings
            | Self::Unchanged
            | Self::Destroyed
            | Self::DataKept
            | Self::Absent
            | Self::Orphaned
            | Self::Healthy
            | Self::Drifted => Some(true),
        }
    }

    /// Whether the component is as requested.
    pub fn is_as_asked(self) -> bool {
        matches!(self, Self::Applied | Self::Unchanged | Self::AppliedWithWarnings)
    }

    /// Whether the component was taken down, as requested.
    pub fn is_taken_down(self) -> bool {
        matches!(self, Self::Destroyed | Self::DataKept)
    }

    /// Whether the turn of the component changed or confirmed it as requested, or took it down.
    pub fn ended_well(self) -> bool {
        self.is_as_asked() || self.is_taken_down()
    }

    /// The status in a record. A word from a newer version is read as failed.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.word() == word).unwrap_or(Self::Failed)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::PendingInputs => "pending_inputs",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Destroyed => "destroyed",
            Self::DataKept => "data_kept",
            Self::Cancelled => "cancelled",
            Self::Absent => "absent",
            Self::Orphaned => "orphaned",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Drifted => "drifted",
            Self::AppliedWithWarnings => "applied_with_warnings",
            Self::RolledBack => "rolled_back",
            Self::RollbackNeedsApproval => "rollback_needs_approval",
            Self::RollbackFailed => "rollback_failed",
            Self::Kept => "kept",
        }
    }
}
