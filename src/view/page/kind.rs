//! What a status means for a reader: a colour and a mark. The mark says the same as the colour.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Bad,
    Attention,
    Good,
    Waiting,
    Unchanged,
    Skipped,
}

impl Kind {
    /// A status of a report, or of the journal of a run without one.
    pub fn of(status: &str) -> Self {
        match status {
            "failed" | "rollback_failed" | "unhealthy" | "interrupted_while_applying" => Self::Bad,
            "blocked"
            | "rollback_needs_approval"
            | "rolled_back"
            | "kept"
            | "cancelled"
            | "drifted"
            | "applied_with_warnings"
            | "interrupted" => Self::Attention,
            "applied" | "destroyed" | "data_kept" | "healthy" => Self::Good,
            "planned" | "pending" | "pending_inputs" | "waiting" | "in_progress" | "applying" => {
                Self::Waiting
            }
            "skipped" | "not_started" => Self::Skipped,
            "unchanged" | "absent" | "orphaned" => Self::Unchanged,
            // A later version knows more of it.
            _ => Self::Attention,
        }
    }

    /// The class of `style.css`.
    pub fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Attention => "att",
            Self::Good => "good",
            Self::Waiting => "wait",
            Self::Unchanged => "same",
            Self::Skipped => "skip",
        }
    }

    pub fn mark(self) -> char {
        match self {
            Self::Bad => '✕',
            Self::Attention => '!',
            Self::Good => '✓',
            Self::Waiting => '○',
            Self::Unchanged => '=',
            Self::Skipped => '–',
        }
    }
}
