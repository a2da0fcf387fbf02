//! What an apply was about to change, and with what: the ground that a rollback stands on.
//!
//! Knows states as bytes, configurations as the files, values and references that a plan is made from, and where both
//! are kept. Must not know processes, Terraform or what becomes of a snapshot. Through it passes: a module that is
//! about to be applied in; a [`Snapshot`] out and, much later, a [`Configuration`] whose files are laid out again.

mod capture;
mod configuration;
mod lay_out;
mod prune;
mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use capture::Capture;
pub use configuration::{Configuration, File, Origin};
pub use store::Store;

/// The version of these shapes.
const SCHEMA: u32 = 1;

/// One component, just before an apply's first effect. The state's copy is evidence: nothing restores it by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub schema: u32,
    /// A ULID: those of a component sort in the order of making.
    pub snapshot_id: String,
    /// The run that took it.
    pub run_id: String,
    /// RFC 3339, UTC.
    pub time: String,
    /// What was asked for: `orchestrate`, `apply`, `destroy`, `resume`.
    pub operation: String,
    /// Whether the plan was one of destruction.
    pub destroy: bool,
    pub terraform: String,
    pub lineage: String,
    pub serial: u64,
    /// Managed instances.
    pub resources: u64,
    /// The object with the state; None where there was none.
    pub state: Option<String>,
    /// What that state was last applied with in full; None on a first run.
    pub configuration: Option<String>,
    /// What was about to be applied.
    pub next: String,
}
