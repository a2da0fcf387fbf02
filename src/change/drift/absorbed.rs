//! Changes from outside that an apply writes into the state, because its plan has refreshed it.
//!
//! Afterwards the state no longer shows them. So they are kept until somebody accepts them or changes them back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::entries::{at, opens, outside_entries};
use super::known::KnownValues;
use super::stored::{AbsorbedValue, AbsorbedValues};
use crate::model::DriftRules;

/// An absorbed value that a person has to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsorbedChange {
    pub address: String,
    pub path: Vec<String>,
    pub opens_to_everybody: bool,
    pub is_compared: bool,
}

/// Address to the object in use there.
pub type StateObjects = BTreeMap<String, StateObject>;

/// A managed object of a state, with its values as a plan has them.
#[derive(Clone)]
pub struct StateObject {
    pub kind: String,
    pub name: String,
    pub values: Value,
}

impl StateObject {
    /// In the format of `resource_drift`.
    fn entry(&self, address: &str, before: &Self) -> Value {
        json!({ "address": address, "mode": "managed", "type": self.kind, "name": self.name,
            "change": { "actions": ["update"], "before": before.values, "after": self.values } })
    }
}

/// What a refresh found that nobody has accepted: to be kept, and to be told.
pub fn absorbed(
    before: &StateObjects,
    refreshed: &StateObjects,
    rules: &DriftRules,
    known: &KnownValues<'_>,
) -> (AbsorbedValues, Vec<AbsorbedChange>) {
    let pairs = refreshed.iter().filter_map(|(address, now)| Some((address, before.get(address)?, now)));
    // Jobs on Nomad have their own rules.
    let own = pairs.filter(|(_, _, now)| now.kind != "nomad_job");
    let differing = own
        .filter(|(address, then, now)| then.values != now.values || known.has_more_than_the_state(address));
    let entries: Vec<_> = differing.map(|(address, then, now)| now.entry(address, then)).collect();
    let entries = Value::Array(entries);
    let (mut kept, mut told) = (AbsorbedValues::new(), Vec::new());
    for ((address, _), entry) in outside_entries(&entries, rules, known) {
        let change = &entry.resource["change"];
        let paths: BTreeSet<_> = entry.differences.iter().map(|one| &one.path).collect();
        for path in paths {
            let earlier = known.absorbed_at(&address, path);
            let is_compared = earlier.map_or(known.is_current, |earlier| earlier.is_compared);
            let mut here = entry.differences.iter().filter(|one| one.path == *path);
            let opens_to_everybody = here.any(|one| opens(entry.resource, one));
            // Once is enough for what a provider may have filled in.
            if is_compared || earlier.is_none() {
                told.push(AbsorbedChange {
                    address: address.clone(),
                    path: path.clone(),
                    opens_to_everybody,
                    is_compared,
                });
            }
            let before = known.accept(&address, path, at(&change["before"], path)).digest;
            let found = known.accept(&address, path, at(&change["after"], path)).digest;
            let before =
                known.expected(&address, path, at(&change["before"], path), &found).unwrap_or(before);
            kept.entry(address.clone()).or_default().push(AbsorbedValue {
                path: path.clone(),
                before,
                found,
                is_compared,
                opens_to_everybody,
            });
        }
    }
    (kept, told)
}

/// What of it is in the state after an apply.
pub fn still_absorbed(
    absorbed: &AbsorbedValues,
    state: &StateObjects,
    known: &KnownValues<'_>,
) -> AbsorbedValues {
    let mut still = absorbed.clone();
    still.retain(|address, values| {
        let Some(now) = state.get(address) else { return false };
        values.retain(|one| {
            let now = known.accept(address, &one.path, at(&now.values, &one.path)).digest;
            one.without(&now) != now
        });
        !values.is_empty()
    });
    still
}
