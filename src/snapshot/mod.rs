//! Snapshots: the state and the configurations just before an apply. A rollback needs them.
//!
//! This room knows states as bytes. It knows configurations as the files, values and references that a plan is made
//! from, and where both are stored. It must not know processes, Terraform or the use of a snapshot.
//! In: a module that is about to be applied. Out: a [`Snapshot`] and, much later, a [`Configuration`] that can be
//! written to files again.

mod capture;
mod configuration;
mod lay_out;
mod prune;
mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use capture::Capture;
pub use configuration::{Configuration, ConfigurationFile, ValueOrigin};
pub use store::SnapshotStore;

/// The version of these formats.
const SCHEMA: u32 = 1;

/// One component, just before the first effect of an apply. The copy of the state is restored only
/// if an interrupted apply destroyed a local state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub schema: u32,
    /// A ULID: the ids of a component's snapshots sort by the time at which they were taken.
    pub snapshot_id: String,
    /// The run that took it.
    pub run_id: String,
    /// RFC 3339, UTC.
    pub time: String,
    /// The requested operation: `orchestrate`, `apply`, `destroy`, `resume`.
    pub operation: String,
    /// Whether the plan was a destroy plan.
    pub destroy: bool,
    pub terraform: String,
    pub lineage: String,
    pub serial: u64,
    /// Number of managed instances.
    pub resources: u64,
    /// Digest of the object with the state. None if there was no state.
    pub state: Option<String>,
    /// The configuration that was last applied completely to that state. None on a first run.
    pub configuration: Option<String>,
    /// The configuration that was about to be applied.
    pub next: String,
}
