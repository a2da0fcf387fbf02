//! Values that are known and that the state does not have: what a provider filled in, and what a person accepted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Address of a resource to its accepted values.
pub type AcceptedValues = BTreeMap<String, Vec<AcceptedValue>>;

/// One accepted value. Only its keyed digest is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedValue {
    /// Keys below the resource. A path ends at the first list or set.
    pub path: Vec<String>,
    pub digest: ValueDigest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ValueDigest {
    Whole(String),
    /// A list or a set: a digest for each element.
    Elements(Vec<String>),
}

/// What is known beside the state when drift is read.
pub struct KnownValues<'a> {
    pub accepted: AcceptedValues,
    /// Whether they were read right after the state was written. Then a value that differs from an accepted one is
    /// drift, even if the state has the same value.
    pub is_current: bool,
    /// A keyed digest.
    pub digest: &'a dyn Fn(&Value) -> String,
}

impl KnownValues<'_> {
    /// Nothing but the state is known, and each difference from it counts.
    pub const NOTHING: KnownValues<'static> =
        KnownValues { accepted: AcceptedValues::new(), is_current: true, digest: &|_| String::new() };

    pub fn of(&self, address: &str) -> &[AcceptedValue] {
        self.accepted.get(address).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value at this path of the resource, as it is stored.
    pub fn accept(&self, address: &str, path: &[String], value: &Value) -> AcceptedValue {
        let digest = match value {
            Value::Array(items) => {
                ValueDigest::Elements(items.iter().map(|one| self.one(address, path, one)).collect())
            }
            other => ValueDigest::Whole(self.one(address, path, other)),
        };
        AcceptedValue { path: path.to_owned(), digest }
    }

    /// The address and the path are part of it: equal values do not have equal digests.
    pub fn one(&self, address: &str, path: &[String], value: &Value) -> String {
        (self.digest)(&json!([address, path, value]))
    }
}
