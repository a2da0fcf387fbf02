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
    /// The loudest first.
    pub changes: Vec<Drifted>,
    /// Values that this check accepted, because nothing was known before it and no configuration sets them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first_look: Vec<FirstLook>,
}

/// A resource with values that a first look accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstLook {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub opens_to_everybody: bool,
    /// Masked.
    pub attributes: Vec<AttributeChange>,
}

/// A resource that was changed outside, or that a plan of the applied configuration would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drifted {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    /// The key of an old copy: an object that a replacement has put aside and could not destroy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    pub class: DriftClass,
    /// What happened to it outside, in Terraform's terms. Empty if nothing happened.
    pub actions: Vec<String>,
    /// What a plan of the applied configuration would do. Empty if it would do nothing.
    pub planned: Vec<String>,
    /// Whether a plan of the applied configuration would undo all of the change.
    pub undone_by_a_plan: bool,
    /// Whether the change opens the resource to everybody, such as a rule for 0.0.0.0/0.
    pub opens_to_everybody: bool,
    /// Absent if several causes are possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<DriftCause>,
    /// What decides the cause. It is not in the report.
    #[serde(skip)]
    pub evidence: DriftEvidence,
    /// The attributes that were changed outside. If the class is pending: those that the plan would change. Masked.
    pub attributes: Vec<AttributeChange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftCause {
    /// Somebody changed or deleted the resource outside of Terraform.
    ChangedOutside,
    /// Another version of the provider reads or plans it differently.
    ProviderUpgraded,
    /// Another apply changed the state since the last run.
    AnotherApply,
    /// The values that the configuration reads are different now.
    ConfigurationChanged,
}

/// What is known about one changed resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriftEvidence {
    /// Source of its provider.
    pub provider: String,
    /// No changed value has one in the state, as attributes that a new version of the provider adds.
    pub is_new: bool,
    pub is_outside: bool,
}

impl Drifted {
    /// The order of the report: what opens a resource, what is gone, what remains until a person acts, what a plan
    /// undoes, and what was not changed outside.
    pub fn loudness(&self) -> u8 {
        match (self.class, self.undone_by_a_plan) {
            _ if self.opens_to_everybody => 0,
            (DriftClass::Drifted, _) if self.actions == ["delete"] => 1,
            (DriftClass::Drifted, false) => 2,
            (DriftClass::Drifted, true) => 3,
            (DriftClass::Pending, _) => 4,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftClass {
    /// Changed outside.
    Drifted,
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
