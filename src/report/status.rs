//! How things stand with a component, in a word.

use serde::Serialize;

/// Outcome of a component. Readers must accept words they do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Applied,
    Unchanged,
    /// It has changes, and this operation does not apply.
    Planned,
    /// It reads an output which a pending change decides.
    PendingInputs,
    /// Policy stopped its plan, or it waits for what only a person or a call can give. Others go on.
    Blocked,
    Failed,
    Skipped,
    Destroyed,
    Cancelled,
    /// In the pillar, but it never ran here.
    Absent,
    /// In the records, but gone from the pillar.
    Orphaned,
    /// Measured just now: its gates pass.
    Healthy,
    Unhealthy,
    /// Somebody changed it outside of Terraform, and a plan would change it back.
    Drifted,
    /// Somebody changed it outside of Terraform, and no plan minds.
    DriftedBenign,
    /// Its apply failed, and yet nothing is left to do.
    AppliedWithWarnings,
    /// The run failed, and it is again as it was known to be good.
    RolledBack,
    /// The way back would take what was there before the run.
    RollbackNeedsApproval,
    /// It is neither where it was to go nor where it was; nothing more is tried by itself.
    RollbackFailed,
    /// The run failed, and what it did to this one stays.
    Kept,
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
        Self::Cancelled,
        Self::Absent,
        Self::Orphaned,
        Self::Healthy,
        Self::Unhealthy,
        Self::Drifted,
        Self::DriftedBenign,
        Self::AppliedWithWarnings,
        Self::RolledBack,
        Self::RollbackNeedsApproval,
        Self::RollbackFailed,
        Self::Kept,
    ];

    /// What was asked for is there.
    pub fn is_as_asked(self) -> bool {
        matches!(self, Self::Applied | Self::Unchanged | Self::AppliedWithWarnings)
    }

    /// The status that a record holds; a word of a newer version reads as failed.
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
            Self::Cancelled => "cancelled",
            Self::Absent => "absent",
            Self::Orphaned => "orphaned",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Drifted => "drifted",
            Self::DriftedBenign => "drifted_benign",
            Self::AppliedWithWarnings => "applied_with_warnings",
            Self::RolledBack => "rolled_back",
            Self::RollbackNeedsApproval => "rollback_needs_approval",
            Self::RollbackFailed => "rollback_failed",
            Self::Kept => "kept",
        }
    }
}
