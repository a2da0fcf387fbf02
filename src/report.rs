//! What a run returns: flat, versioned, JSON-shaped, without a secret in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::model::Name;

/// The version of this shape; it rises when a key changes its meaning.
pub const SCHEMA: u32 = 1;

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
    /// Policy stopped its plan.
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

/// Terraform's own counts. A replacement counts in `add` and in `remove`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub add: u64,
    pub change: u64,
    pub remove: u64,
    pub import: u64,
}

impl Counts {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.add += other.add;
        self.change += other.change;
        self.remove += other.remove;
        self.import += other.import;
    }
}

/// One resource that a plan changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceChange {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    /// Terraform's words, in its order: `["delete", "create"]` is a replacement.
    pub actions: Vec<String>,
    /// Why, where Terraform says so: `tainted`, `requested`, `cannot_update`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Attributes that differ, where the plan was read in full; sensitive ones are masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeChange>,
}

/// One attribute that a plan changes. A value is `(sensitive)` or `(known after apply)` where it has to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeChange {
    pub path: String,
    pub before: Value,
    pub after: Value,
    /// This attribute forces the replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
}

/// How the world stands to what was applied last.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// Names exactly what was found, for `remediate`; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift_id: Option<String>,
    /// Whether something was changed outside of Terraform.
    pub drift_detected: bool,
    /// Whether the pillar asks for something else by now.
    pub configuration_changed: bool,
    /// How many scheduled checks in a row found just this; absent where none counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    pub changes: Vec<Drifted>,
}

/// One resource that is not as it was applied, or that a plan of what was applied would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drifted {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub class: Class,
    /// What happened to it outside, in Terraform's words; empty where nothing did.
    pub actions: Vec<String>,
    /// What a plan of the applied configuration would do about it; empty where nothing.
    pub planned: Vec<String>,
    /// What differs outside from the state, or, where it is pending, what the plan would change; masked.
    pub attributes: Vec<AttributeChange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Changed outside, and a plan would change it.
    Drifted,
    /// Changed outside, and no plan minds.
    DriftedBenign,
    /// Not changed outside, and yet a plan would change it: what it reads from others has moved.
    Pending,
}

/// A creation that began and is in no state: it may exist, and Terraform does not know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PossibleOrphan {
    /// The run that began it.
    pub run_id: String,
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The provider's id, where Terraform had come to print it.
    pub id: Option<String>,
    /// A shell command that takes it into the state; `ID` stands where the id is not known.
    pub import: String,
}

/// What a step of Salt's own did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SaltRun {
    /// Salt's jobs, in order.
    pub jids: Vec<String>,
    pub function: String,
    pub target: String,
    pub minions: BTreeMap<String, OnMinion>,
}

/// The same on one minion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnMinion {
    /// applied, unchanged, planned, failed, or skipped where it was not begun.
    pub status: Status,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<StateLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<StateLine>,
    /// States that had nothing to do.
    pub unchanged: u64,
    /// States of the two lists that are not told.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// What a function returned, or why there is no answer of states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Value>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// One state of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StateLine {
    pub id: String,
    pub name: String,
    /// `file.managed`
    pub function: String,
    pub comment: String,
    /// What was changed, by Salt's keys; their values are not told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

/// What happened to one component.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentReport {
    pub status: Status,
    /// A code for programs, documented in docs/reasons.md; empty where the status says it all.
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
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
            notes: Vec::new(),
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
