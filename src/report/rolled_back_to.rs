//! The configuration that a component has again after a rollback, in the report.

use serde::Serialize;

use super::{ComponentReport, Status};
use crate::words::Words;

/// This many characters of a digest distinguish configurations, as in the list of snapshots.
const SHORT: usize = 12;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RolledBackTo {
    /// Digest, as in the list of snapshots.
    pub configuration: String,
    /// The snapshot that has this configuration: the requested one, or else the newest. Absent if none is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_id: Option<String>,
    /// When that snapshot was taken. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

impl RolledBackTo {
    /// `configuration 1f0c3b9a2d4e of snapshot 01JD3K (2026-01-01T00:00:00Z)`
    pub fn words(&self) -> String {
        let short = self.configuration.get(..SHORT).unwrap_or(&self.configuration);
        match (&self.snapshot_id, &self.time) {
            (Some(id), Some(time)) => format!("configuration {short} of snapshot {id} ({time})"),
            _ => format!("configuration {short}, of which no snapshot is kept"),
        }
    }
}

impl ComponentReport {
    /// Names the configuration to which it was rolled back or, in a preview, would be.
    pub fn back_to(&mut self, to: RolledBackTo) {
        let did = match self.status {
            Status::Planned | Status::PendingInputs => "it would go back to",
            Status::Unchanged => "it already is at",
            _ => "it is back at",
        };
        self.notes.put_first(Words::own(format!("{did} {}", to.words())));
        self.rolled_back_to = Some(to);
    }
}
