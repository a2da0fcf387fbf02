//! What is in the world, and not as the state has it.

use serde::Serialize;

use super::change::AttributeChange;

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
