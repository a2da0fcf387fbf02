//! The changes in a plan.
//!
//! This room knows Terraform's terms for changes. It must not know how a plan was made or what happens to it.
//! In: events or `show -json`. Out: [`Changes`], masked.

mod diff;
mod drift;
mod finder;
mod forms;
mod job_texts;
mod list;
mod machines;
mod masks;
mod needles;
mod nomad_jobs;
mod number;
mod redact;
mod sensitive;
mod show;

use std::collections::BTreeMap;

pub use diff::SENSITIVE;
pub use drift::{
    AbsorbedChange, AbsorbedValues, AcceptedValues, DriftFindings, KnownValues, Looking, StateObject,
    StateObjects, absorbed, drift_findings, filled_in, found_jobs, still_absorbed,
};
pub use job_texts::JobTexts;
pub use machines::Machines;
pub use nomad_jobs::{FoundJob, PlannedJob, jobs, key as job_key};
pub use redact::Redactor;
pub use sensitive::sensitive_values;
pub use show::{change_set, read};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::{ActionInvocation, Counts, ResourceChange};

/// The changes of one plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    pub counts: Counts,
    /// Without no-ops and reads of data sources.
    pub resources: Vec<ResourceChange>,
    /// Actions of providers that the plan invokes, or leaves to a later plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionInvocation>,
    /// Changes that Terraform leaves to a later plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<ResourceChange>,
    /// Output to Terraform's action, without no-ops.
    pub outputs: BTreeMap<String, String>,
    /// Keyed digest of all changes, including the values that are masked here. Empty if nobody requested it.
    #[serde(default)]
    pub digest: String,
    /// The machines after the plan. None if nobody read the whole plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machines: Option<Machines>,
}

impl Changes {
    /// Objects that this plan deletes, or deletes and creates again. A deletion that Terraform leaves to a later plan
    /// is one of them: an approval covers what was shown.
    pub fn destroyed(&self) -> impl Iterator<Item = &ResourceChange> {
        self.resources.iter().chain(&self.deferred).filter(|change| change.does("delete"))
    }

    /// Objects that leave the state and are not destroyed.
    pub fn forgotten(&self) -> impl Iterator<Item = &ResourceChange> {
        self.resources.iter().chain(&self.deferred).filter(|change| change.does("forget"))
    }

    /// Counts what is listed.
    pub fn count(&self) -> Counts {
        let mut counts = Counts::default();
        for change in &self.resources {
            counts.add += u64::from(change.does("create"));
            counts.change += u64::from(change.does("update"));
            counts.remove += u64::from(change.does("delete"));
            counts.forget += u64::from(change.does("forget"));
            counts.import += u64::from(change.import_id.is_some());
        }
        let deferred = self.actions.iter().filter(|action| action.deferred.is_some()).count();
        counts.action_invocation = (self.actions.len() - deferred) as u64;
        counts.deferred = (self.deferred.len() + deferred) as u64;
        counts
    }

    /// Whether Terraform's own summary of this plan counts the same. If not, the stream did not say all: it has no word
    /// for a replacement that does not destroy the old object.
    pub fn agrees_with(&self, summary: &Counts) -> bool {
        let own = self.count();
        // Terraform does not count what it forgets. OpenTofu does.
        let forget = if summary.forget == 0 { own.forget } else { summary.forget };
        own == Counts { forget, deferred: own.deferred, ..*summary }
    }
}

/// The id, or else the identity, under which a plan imports an object. None if it does not import it.
pub fn import_id(importing: &Value) -> Option<String> {
    let importing = importing.as_object()?;
    let id = importing.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let identity = importing.get("identity").filter(|identity| !identity.is_null());
    Some(id.map(str::to_owned).or_else(|| identity.map(Value::to_string)).unwrap_or_default())
}

/// One resource of the plan stream. `action` is the stream's single word for it.
pub fn planned(
    address: &str,
    kind: &str,
    name: &str,
    action: &str,
    reason: Option<&str>,
) -> Option<ResourceChange> {
    let actions: &[&str] = match action {
        "noop" | "read" => return None,
        // The stream does not report the order; `show -json` does.
        "replace" => &["delete", "create"],
        "remove" => &["forget"],
        other => &[other],
    };
    Some(ResourceChange {
        address: address.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        actions: actions.iter().map(|&action| action.to_owned()).collect(),
        reason: reason.map(str::to_owned),
        ..ResourceChange::default()
    })
}
