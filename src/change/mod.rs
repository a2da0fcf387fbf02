//! The changes in a plan.
//!
//! This room knows Terraform's terms for changes. It must not know how a plan was made or what happens to it.
//! In: events or `show -json`. Out: [`Changes`], masked.

mod diff;
mod drift;
mod finder;
mod forms;
mod masks;
mod needles;
mod nomad_jobs;
mod number;
mod redact;
mod show;

use std::collections::BTreeMap;

pub use diff::SENSITIVE;
pub use drift::{AcceptedValues, DriftFindings, KnownValues, Looking, drift_findings, filled_in, found_jobs};
pub use nomad_jobs::{FoundJob, PlannedJob, jobs, key as job_key};
pub use redact::Redactor;
pub use show::{change_set, read};

use serde::{Deserialize, Serialize};

use crate::report::{Counts, ResourceChange};

/// The changes of one plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    pub counts: Counts,
    /// Without no-ops and reads of data sources.
    pub resources: Vec<ResourceChange>,
    /// Output to Terraform's action, without no-ops.
    pub outputs: BTreeMap<String, String>,
    /// Keyed digest of all changes, including the values that are masked here. Empty if nobody requested it.
    #[serde(default)]
    pub digest: String,
}

impl Changes {
    /// Addresses that this plan deletes, or deletes and creates again.
    pub fn destroyed(&self) -> impl Iterator<Item = &ResourceChange> {
        self.resources.iter().filter(|change| change.actions.iter().any(|action| action == "delete"))
    }
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
        attributes: Vec::new(),
    })
}
