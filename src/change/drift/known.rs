//! What drift is compared with: the state, and what is stored beside it.

use serde_json::{Value, json};

use super::stored::{AbsorbedValue, AbsorbedValues, AcceptedValue, AcceptedValues, ValueDigest};

/// What is known beside the state when drift is read.
pub struct KnownValues<'a> {
    pub accepted: AcceptedValues,
    /// Whether they were read right after the state was written. Then a value that differs from an accepted one is
    /// drift, even if the state has the same value.
    pub is_current: bool,
    /// What earlier applies have absorbed.
    pub absorbed: AbsorbedValues,
    /// A keyed digest.
    pub digest: &'a dyn Fn(&Value) -> String,
}

impl KnownValues<'_> {
    /// Nothing but the state is known, and each difference from it counts.
    pub const NOTHING: KnownValues<'static> = KnownValues {
        accepted: AcceptedValues::new(),
        is_current: true,
        absorbed: AbsorbedValues::new(),
        digest: &|_| String::new(),
    };

    pub fn of(&self, address: &str) -> &[AcceptedValue] {
        self.accepted.get(address).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether more is known of this resource than the state says now.
    pub fn has_more_than_the_state(&self, address: &str) -> bool {
        self.absorbed.contains_key(address) || (self.is_current && self.accepted.contains_key(address))
    }

    pub fn absorbed_at(&self, address: &str, path: &[String]) -> Option<&AbsorbedValue> {
        self.absorbed.get(address)?.iter().find(|one| one.path == path)
    }

    /// What the value at this path is compared with instead of the state's, `before`. None if the state's decides.
    pub fn expected(
        &self,
        address: &str,
        path: &[String],
        before: &Value,
        now: &ValueDigest,
    ) -> Option<ValueDigest> {
        let accepted = self.of(address).iter().find(|one| one.path == path);
        // An accepted value of an earlier state may still be the right one.
        let accepted =
            accepted.filter(|one| self.is_current || one.digest == *now).map(|one| one.digest.clone());
        let Some(absorbed) = self.absorbed_at(address, path) else { return accepted };
        let is_accepted = accepted.is_some();
        let base = accepted.unwrap_or_else(|| self.accept(address, path, before).digest);
        let expected = absorbed.without(&base);
        (is_accepted || expected != base).then_some(expected)
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
