//! Drift and possible orphans, in the report.

use serde::Serialize;

use super::change::AttributeChange;

/// How the real resources differ from the last applied configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// Identifies exactly this drift, for `remediate`. Absent if no drift was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift_id: Option<String>,
    /// Whether something was changed outside of Terraform.
    pub drift_detected: bool,
    /// Whether the pillar now asks for another configuration.
    pub configuration_changed: bool,
    /// How many scheduled checks in a row found exactly this drift. Absent if no check counted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    pub changes: Vec<Drifted>,
}

/// A resource that was changed outside, or that a plan of the applied configuration would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drifted {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub class: DriftClass,
    /// What happened to it outside, in Terraform's terms. Empty if nothing happened.
    pub actions: Vec<String>,
    /// What a plan of the applied configuration would do. Empty if it would do nothing.
    pub planned: Vec<String>,
    /// The attributes that were changed outside. If the class is pending: those that the plan would change. Masked.
    pub attributes: Vec<AttributeChange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftClass {
    /// Changed outside. A plan would change the resource.
    Drifted,
    /// Changed outside. Terraform plans no change for it.
    DriftedBenign,
    /// Not changed outside, but a plan would change the resource: a value that it reads from elsewhere is different
    /// now.
    Pending,
}

/// A creation that began and is in no state. The resource may exist, and Terraform does not know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PossibleOrphan {
    /// The run that began the creation.
    pub run_id: String,
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The provider's id, if Terraform printed it.
    pub id: Option<String>,
    /// A shell command that imports it into the state. It contains `ID` if the id is not known.
    pub import: String,
}
