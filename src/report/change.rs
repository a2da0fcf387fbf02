//! Changes of a plan, in the report.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A replacement counts both in `add` and in `remove`, or in `forget` if the old resource is not destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub add: u64,
    pub change: u64,
    pub remove: u64,
    pub import: u64,
    /// Resources that leave the state and are not destroyed.
    pub forget: u64,
    /// Actions of providers that are invoked.
    pub action_invocation: u64,
    /// Changes and actions that Terraform leaves to a later plan.
    pub deferred: u64,
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
        self.forget += other.forget;
        self.action_invocation += other.action_invocation;
        self.deferred += other.deferred;
    }
}

/// One resource that a plan changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResourceChange {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    /// Terraform's terms, in its order: `["delete", "create"]` is a replacement.
    pub actions: Vec<String>,
    /// Terraform's reason, if it gives one: `tainted`, `requested`, `cannot_update`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The key of an old copy: an object that a replacement has put aside and could not destroy. None if the change is
    /// about the object in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    /// The address before this plan, if the resource moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_address: Option<String>,
    /// The id of the object, if the plan imports it. It is an identity as JSON if there is no id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<String>,
    /// Why Terraform leaves this change to a later plan, in its own term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<String>,
    /// The differing attributes, if the whole plan was read. Sensitive values are masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeChange>,
}

impl ResourceChange {
    /// What the change is about, in words.
    pub fn object(&self) -> String {
        match &self.deposed {
            Some(key) => format!("the old copy {key} of {}", self.address),
            None => self.address.clone(),
        }
    }

    pub fn does(&self, action: &str) -> bool {
        self.actions.iter().any(|one| one == action)
    }
}

/// A provider's action that a plan invokes. Nothing says what it changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActionInvocation {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    /// The resource whose change triggers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The event of this resource, in Terraform's terms: `after_create`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Why Terraform leaves it to a later plan, in its own term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<String>,
}

/// One attribute that a plan changes. A value that cannot be shown is `(sensitive)` or `(known after apply)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeChange {
    pub path: String,
    pub before: Value,
    pub after: Value,
    /// Whether this attribute forces the replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
}
