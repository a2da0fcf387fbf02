//! Colours statuses. Nothing else is coloured, and only if colour is wanted.

use super::units;
use super::width::pad;

#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub colour: bool,
}

impl Style {
    /// A status in its colour. It is padded before it is coloured.
    pub fn status(self, status: &str, width: usize) -> String {
        let word = pad(&units::word(status), width);
        let code = match status {
            "applied" | "destroyed" | "healthy" | "ok" => "32",
            "failed"
            | "blocked"
            | "cancelled"
            | "unhealthy"
            | "wrong"
            | "rollback_failed"
            | "rollback_needs_approval" => "31",
            "planned"
            | "pending"
            | "pending_inputs"
            | "skipped"
            | "orphaned"
            | "kept"
            | "drifted"
            | "degraded"
            | "unknown"
            | "warning"
            | "rolled_back"
            | "applied_with_warnings" => "33",
            _ => return word,
        };
        if self.colour { format!("\x1b[{code}m{word}\x1b[0m") } else { word }
    }
}
