//! What a run returns: flat, versioned, JSON-shaped, without a secret in it.

mod change;
mod drift;
mod notes;
mod salt;
mod status;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::model::Name;

pub use change::{AttributeChange, Counts, ResourceChange};
pub use drift::{Class, Drift, Drifted, PossibleOrphan};
pub use notes::Notes;
pub use salt::{OnMinion, SaltRun, StateLine};
pub use status::Status;

/// The version of this shape; it rises when a key changes its meaning.
pub const SCHEMA: u32 = 1;

/// What happened to one component.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentReport {
    pub status: Status,
    /// A code for programs, documented in docs/reference/reasons.md; empty where the status says it all.
    pub reason: String,
    pub changes: Counts,
    pub resource_changes: Vec<ResourceChange>,
    /// Non-sensitive outputs.
    pub outputs: BTreeMap<String, Value>,
    /// Output name to Terraform's action on it.
    pub output_changes: BTreeMap<String, String>,
    /// Seconds.
    pub duration: f64,
    pub error: Option<Error>,
    /// What else a reader should know: kept resources, a hint.
    #[serde(skip_serializing_if = "Notes::is_empty")]
    pub notes: Notes,
    /// What an apply that was cut off may have left in the world.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_orphans: Vec<PossibleOrphan>,
    /// Of what its turn was to make; absent where it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
    /// What was taken before its apply; absent where nothing was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_id: Option<String>,
    /// How it differs from what was applied; absent where that was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Box<Drift>>,
    /// What a step of Salt's own did; absent where none was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<Box<SaltRun>>,
    /// What the way back did, where the run took this one back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Box<ComponentReport>>,
}

impl ComponentReport {
    pub fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            changes: Counts::default(),
            resource_changes: Vec::new(),
            outputs: BTreeMap::new(),
            output_changes: BTreeMap::new(),
            duration: 0.0,
            error: None,
            notes: Notes::default(),
            possible_orphans: Vec::new(),
            deployment_id: None,
            snapshot_id: None,
            drift: None,
            salt: None,
            rollback: None,
        }
    }

    pub fn failed(error: Error) -> Self {
        Self { error: Some(error.clone()), ..Self::new(Status::Failed, error.code) }
    }
}

/// What one operation did to an environment.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub schema: u32,
    pub run_id: String,
    pub operation: String,
    pub environment: String,
    /// True: all is well. False: something is not. Null: a test, with changes.
    pub result: Option<bool>,
    pub test: bool,
    pub jid: String,
    pub user: String,
    /// Program to version: eos, salt, terraform.
    pub versions: BTreeMap<String, String>,
    /// RFC 3339, UTC.
    pub started: String,
    /// Seconds.
    pub duration: f64,
    pub components: BTreeMap<Name, ComponentReport>,
    pub error: Option<Error>,
    /// What this operation has beyond the others: an order, a plan_id, a drawing.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl Report {
    /// The process exit code that this report stands for.
    pub fn retcode(&self) -> i32 {
        i32::from(self.result == Some(false))
    }
}
