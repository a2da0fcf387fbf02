//! The changes that the states of one state run would make, as far as later states read their outputs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::produced_outputs::PendingOutputs;
use crate::model::Name;

/// For each component that an earlier state of the run has planned or applied: which of its outputs are pending. Contains
/// no values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PendingChanges(BTreeMap<String, BTreeMap<String, PendingOutputs>>);

impl PendingChanges {
    /// As the host has kept it. Anything else counts as nothing known, and is planned again.
    pub fn read(kept: Value) -> Self {
        serde_json::from_value(kept).unwrap_or_default()
    }

    pub fn to_json(&self) -> Value {
        json!(self)
    }

    /// None if no earlier state was about this component.
    pub fn of(&self, environment: &Name, component: &Name) -> Option<&PendingOutputs> {
        self.0.get(environment.as_str())?.get(component.as_str())
    }

    /// Replaces what was known of the component.
    pub fn set(&mut self, environment: &Name, component: &Name, pending: Option<PendingOutputs>) {
        let known = self.0.entry(environment.to_string()).or_default();
        match pending {
            Some(pending) => drop(known.insert(component.to_string(), pending)),
            None => drop(known.remove(component.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_has_kept_is_read_again_and_anything_else_is_nothing() {
        let name = |text: &str| Name::new(text).unwrap();
        let (staging, net) = (name("staging"), name("net"));
        let mut pending = PendingChanges::default();
        pending.set(&staging, &net, Some(PendingOutputs::Some(vec!["id".to_owned()])));
        pending.set(&staging, &name("dns"), Some(PendingOutputs::All));
        let read = PendingChanges::read(pending.to_json());
        assert_eq!(read, pending);
        assert!(read.of(&staging, &net).unwrap().holds("id"));
        assert_eq!(read.of(&name("production"), &net), None);
        pending.set(&staging, &net, None);
        assert_eq!(pending.of(&staging, &net), None);
        for other in [json!(null), json!([1]), json!({ "staging": { "net": "unknown" } })] {
            assert_eq!(PendingChanges::read(other), PendingChanges::default());
        }
    }
}
