//! The report of a run: flat, versioned, in the form of JSON, without secrets.

mod after;
mod change;
mod drift;
mod kept;
mod notes;
mod rolled_back_to;
mod salt;
mod status;
mod totals;
mod warning;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::error::{Code, Error};
use crate::model::Name;

pub use after::After;
pub use change::{ActionInvocation, AttributeChange, Counts, ResourceChange};
pub use drift::{Drift, DriftCause, DriftClass, DriftEvidence, Drifted, FirstLook, PossibleOrphan};
pub use kept::{KeptBecause, KeptResource};
pub use notes::Notes;
pub use rolled_back_to::RolledBackTo;
pub use salt::{MinionResult, SaltRun, StateLine};
pub use status::Status;
pub use warning::{Warning, Warnings};

/// The version of the report's format. It increases when a key changes its meaning.
pub const SCHEMA: u32 = 1;

/// What happened to one component.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentReport {
    pub status: Status,
    /// A code for programs, documented in docs/reference/reasons.md. Empty if the status is sufficient.
    #[serde(serialize_with = "as_text")]
    pub reason: Option<Code>,
    pub changes: Counts,
    pub resource_changes: Vec<ResourceChange>,
    /// Actions of providers that the plan invokes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action_invocations: Vec<ActionInvocation>,
    /// Changes that Terraform leaves to a later plan.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deferred_changes: Vec<ResourceChange>,
    /// Non-sensitive outputs.
    pub outputs: BTreeMap<String, Value>,
    /// Output name to Terraform's action on it.
    pub output_changes: BTreeMap<String, String>,
    /// Seconds.
    pub duration: f64,
    pub error: Option<Error>,
    /// Why it was not started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// The outputs of other components that it reads and that a pending change decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending_outputs: Vec<String>,
    /// Other facts for the reader, such as resources that were kept, or a hint.
    #[serde(flatten)]
    pub notes: Notes,
    /// What Terraform warned about, failed `check` blocks included. They do not change the status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Resources that an interrupted apply may have created.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_orphans: Vec<PossibleOrphan>,
    /// Identifies what this turn was to deploy. Absent if the component had no turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
    /// The snapshot that was taken before its apply. Absent if nothing was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_id: Option<String>,
    /// Resources that stay although the rest of the component goes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptResource>,
    /// How it differs from the applied configuration. Absent if that was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Box<Drift>>,
    /// The results of a Salt step. Absent if no step ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<Box<SaltRun>>,
    /// The configuration that a rollback gave it again. Absent if it was not rolled back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolled_back_to: Option<RolledBackTo>,
    /// The report of the rollback, if the run rolled this component back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Box<ComponentReport>>,
}

impl ComponentReport {
    pub fn new(status: Status, reason: impl Into<Option<Code>>) -> Self {
        Self {
            status,
            reason: reason.into(),
            changes: Counts::default(),
            resource_changes: Vec::new(),
            action_invocations: Vec::new(),
            deferred_changes: Vec::new(),
            outputs: BTreeMap::new(),
            output_changes: BTreeMap::new(),
            duration: 0.0,
            error: None,
            after: None,
            pending_outputs: Vec::new(),
            notes: Notes::default(),
            warnings: Vec::new(),
            possible_orphans: Vec::new(),
            deployment_id: None,
            snapshot_id: None,
            kept: Vec::new(),
            drift: None,
            salt: None,
            rolled_back_to: None,
            rollback: None,
        }
    }

    pub fn failed(error: Error) -> Self {
        Self { error: Some(error.clone()), ..Self::new(Status::Failed, error.code) }
    }

    /// Whether policy stopped its plan. Nothing else can be approved.
    pub fn waits_for_approval(&self) -> bool {
        self.status == Status::Blocked && self.reason.is_some_and(|reason| Code::OF_POLICY.contains(&reason))
    }

    /// The text of its reason; empty where it has none.
    pub fn reason(&self) -> &'static str {
        self.reason.map_or("", Code::as_str)
    }
}

/// The same for a component in a stored report.
pub fn waits_for_approval(component: &Value) -> bool {
    component["status"] == Status::Blocked.word()
        && Code::OF_POLICY.iter().any(|reason| component["reason"] == reason.as_str())
}

/// The note of a component that reads outputs which a pending change decides.
pub fn reads_pending<T: AsRef<str>>(outputs: &[T]) -> String {
    let outputs: Vec<_> = outputs.iter().map(AsRef::as_ref).collect();
    format!("reads {}, which depends on a pending change", outputs.join(", "))
}

fn as_text<S: Serializer>(reason: &Option<Code>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.map_or("", Code::as_str))
}

/// The results of one operation on an environment.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub schema: u32,
    pub run_id: String,
    /// Whether the run has a journal under this id. A question, and a call that was refused, have none.
    pub run_kept: bool,
    pub operation: String,
    pub environment: String,
    /// True: everything succeeded. False: something did not. Null: a test that found changes.
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
    /// Keys that only this operation has, such as an order, a plan_id or a drawing.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl Report {
    /// The exit code of a process with this report.
    pub fn retcode(&self) -> i32 {
        i32::from(self.result == Some(false))
    }
}
