//! Changes of a plan, in the report.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Terraform's own counts. A replacement counts both in `add` and in `remove`.
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
    /// Terraform's terms, in its order: `["delete", "create"]` is a replacement.
    pub actions: Vec<String>,
    /// Terraform's reason, if it gives one: `tainted`, `requested`, `cannot_update`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The differing attributes, if the whole plan was read. Sensitive values are masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeChange>,
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
