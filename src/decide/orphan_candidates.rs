//! Compares the creations that an apply began with the state afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::StateInstance;

/// A creation that began and is in no state. The resource may exist: it is a possible orphan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrphanCandidate {
    /// The run that began the creation. Several runs may begin one at the same address.
    pub run_id: String,
    pub address: String,
    pub kind: String,
    pub id: Option<String>,
}

/// A creation in the plan of an apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCreation {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// Another object at this address is destroyed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
}

/// Whether Terraform's report of a failed creation can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerraformEnd {
    /// Terraform exited by itself. A creation that it reports as failed was not done.
    Orderly,
    /// Terraform or a provider was killed or crashed, or nobody saw how it ended.
    Abrupt,
}

/// The contents of an apply's stream, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApplyOperations {
    creations: BTreeMap<String, StartedCreation>,
    /// Address to ids that certainly no longer exist. At these addresses, the state may still contain an older object.
    replaced: BTreeMap<String, BTreeSet<String>>,
    overtaken: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct StartedCreation {
    kind: String,
    id: Option<String>,
    failed: bool,
}

impl ApplyOperations {
    pub fn planned(&mut self, address: &str, action: &str) {
        if action == "replace" {
            self.replaced.entry(address.to_owned()).or_default();
        }
    }

    /// The state contained this object before, and the plan creates another one. The old object no longer exists.
    pub fn gone(&mut self, address: &str, id: &str) {
        self.replaced.entry(address.to_owned()).or_default().insert(id.to_owned());
    }

    /// `id` is the id before the step. Only a destruction has one.
    pub fn started(&mut self, address: &str, kind: &str, action: &str, id: Option<&str>) {
        match action {
            "create" => {
                let creation = StartedCreation { kind: kind.to_owned(), id: None, failed: false };
                self.creations.insert(address.to_owned(), creation);
            }
            "delete" => {
                if let (Some(ids), Some(id)) = (self.replaced.get_mut(address), id) {
                    ids.insert(id.to_owned());
                }
            }
            _ => {}
        }
    }

    pub fn completed(&mut self, address: &str, action: &str, id: Option<&str>) {
        if action == "create"
            && let Some(creation) = self.creations.get_mut(address)
        {
            creation.id = id.map(str::to_owned);
        }
    }

    pub fn failed(&mut self, address: &str, action: &str) {
        if action == "create"
            && let Some(creation) = self.creations.get_mut(address)
        {
            creation.failed = true;
        }
    }

    /// The stream may have lost its end. So this creation may have begun too.
    pub fn may_have_started(&mut self, planned: &PlannedCreation) {
        let PlannedCreation { address, kind, replaces } = planned;
        if *replaces {
            self.planned(address, "replace");
        }
        if !self.creations.contains_key(address) {
            self.started(address, kind, "create", None);
        }
    }

    /// Another host has changed the state since. The object at an address may be its creation.
    pub fn overtake(&mut self) {
        self.overtaken = true;
    }

    /// Whether no creation began. If a run crashed before that, nothing is lost.
    pub fn created_nothing(&self) -> bool {
        self.creations.is_empty()
    }

    /// All creations that began and are not in the state.
    pub fn candidates(
        &self,
        run_id: &str,
        state: &BTreeMap<String, StateInstance>,
        ending: TerraformEnd,
    ) -> Vec<OrphanCandidate> {
        let refused = |creation: &StartedCreation| ending == TerraformEnd::Orderly && creation.failed;
        let missing = self.creations.iter().filter(|(address, creation)| {
            !refused(creation) && !self.is_saved(address, creation, state.get(*address))
        });
        missing
            .map(|(address, creation)| OrphanCandidate {
                run_id: run_id.to_owned(),
                address: address.clone(),
                kind: creation.kind.clone(),
                id: creation.id.clone(),
            })
            .collect()
    }

    /// Whether the state certainly contains the creation. An address that is being replaced may still contain the old
    /// object.
    fn is_saved(&self, address: &str, creation: &StartedCreation, instance: Option<&StateInstance>) -> bool {
        let Some(instance) = instance.filter(|instance| instance.current) else {
            return false;
        };
        match (&creation.id, &instance.id, self.replaced.get(address)) {
            (Some(made), Some(found), _) => made == found,
            _ if self.overtaken => false,
            (_, _, None) => true,
            (None, Some(id), Some(destroyed)) if !destroyed.is_empty() => !destroyed.contains(id),
            (_, _, Some(_)) => instance.deposed > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: Option<&str>, deposed: usize) -> StateInstance {
        StateInstance { current: true, id: id.map(str::to_owned), deposed, ..StateInstance::default() }
    }

    /// The planned action, the new id, the ids destroyed at the address, the object in the state, whether it is
    /// suspect.
    type Row<'a> = (&'a str, Option<&'a str>, &'a [&'a str], Option<StateInstance>, bool);

    #[test]
    fn the_table_decides_whether_a_creation_is_a_possible_orphan() {
        let gone = || StateInstance { deposed: 1, ..StateInstance::default() };
        #[rustfmt::skip]
        let table: &[Row<'_>] = &[
            ("create", None, &[], None, true),
            ("create", Some("new"), &[], None, true),
            ("create", Some("new"), &[], Some(at(Some("new"), 0)), false),
            ("create", Some("new"), &[], Some(at(Some("other"), 0)), true),
            ("create", Some("new"), &[], Some(at(None, 0)), false),
            ("create", None, &[], Some(at(Some("tainted"), 0)), false),
            ("replace", None, &["old"], None, true),
            ("replace", None, &["old"], Some(at(Some("old"), 0)), true),
            ("replace", None, &["old"], Some(at(Some("new"), 0)), false),
            ("replace", Some("new"), &["old"], Some(at(Some("old"), 0)), true),
            ("replace", Some("new"), &["old"], Some(at(Some("new"), 0)), false),
            // the new object is created before the old one is destroyed
            ("replace", None, &[], Some(at(Some("old"), 0)), true),
            ("replace", None, &[], Some(gone()), true),
            ("replace", None, &[], Some(at(Some("new"), 1)), false),
        ];
        for (action, id, destroyed, instance, suspect) in table {
            let mut operations = ApplyOperations::default();
            operations.planned("t.n", action);
            destroyed.iter().for_each(|old| operations.started("t.n", "t", "delete", Some(old)));
            operations.started("t.n", "t", "create", None);
            if id.is_some() {
                operations.completed("t.n", "create", *id);
            }
            let state = instance.iter().map(|instance| ("t.n".to_owned(), instance.clone())).collect();
            let candidates = operations.candidates("01RUN", &state, TerraformEnd::Abrupt);
            assert_eq!(!candidates.is_empty(), *suspect, "{action} {id:?} {destroyed:?} {instance:?}");
            assert!(candidates.iter().all(|one| one.id.as_deref() == *id));
        }
    }

    #[test]
    fn after_work_of_another_host_only_an_id_identifies_a_creation_at_an_address() {
        for (id, found, suspect) in [
            (None, Some("theirs"), true),
            (None, None, true),
            (Some("ours"), Some("theirs"), true),
            (Some("ours"), Some("ours"), false),
        ] {
            let mut operations = ApplyOperations::default();
            operations.started("t.n", "t", "create", None);
            operations.completed("t.n", "create", id);
            operations.overtake();
            let state = [("t.n".to_owned(), at(found, 0))].into();
            assert_eq!(
                !operations.candidates("01RUN", &state, TerraformEnd::Abrupt).is_empty(),
                suspect,
                "{id:?} {found:?}"
            );
        }
    }

    #[test]
    fn an_earlier_missing_resource_is_not_mistaken_for_a_new_one_at_its_address() {
        let mut operations = ApplyOperations::default();
        operations.gone("t.n", "old");
        operations.planned("t.n", "create");
        operations.started("t.n", "t", "create", None);
        let suspect = |instance| {
            let state = BTreeMap::from([("t.n".to_owned(), instance)]);
            !operations.candidates("01RUN", &state, TerraformEnd::Abrupt).is_empty()
        };
        assert!(suspect(at(Some("old"), 0)));
        assert!(!suspect(at(Some("new"), 0)));
    }

    #[test]
    fn a_failed_creation_is_a_possible_orphan_only_after_a_disorderly_end() {
        let mut operations = ApplyOperations::default();
        operations.started("t.n", "t", "create", None);
        operations.failed("t.n", "create");
        assert!(operations.candidates("01RUN", &BTreeMap::new(), TerraformEnd::Orderly).is_empty());
        assert_eq!(operations.candidates("01RUN", &BTreeMap::new(), TerraformEnd::Abrupt).len(), 1);
    }

    #[test]
    fn without_the_end_of_the_stream_every_planned_creation_counts_as_begun() {
        let planned = |address: &str, replaces| PlannedCreation {
            address: address.to_owned(),
            kind: "t".to_owned(),
            replaces,
        };
        let mut operations = ApplyOperations::default();
        operations.started("t.known", "t", "create", None);
        operations.completed("t.known", "create", Some("1"));
        for (address, replaces) in
            [("t.known", false), ("t.new", false), ("t.there", false), ("t.other", true)]
        {
            operations.may_have_started(&planned(address, replaces));
        }
        let state =
            [("t.known", at(Some("1"), 0)), ("t.there", at(Some("2"), 0)), ("t.other", at(Some("3"), 0))];
        let state = state.map(|(address, instance)| (address.to_owned(), instance)).into();
        let candidates = operations.candidates("01RUN", &state, TerraformEnd::Abrupt);
        let addresses: Vec<_> = candidates.iter().map(|one| one.address.as_str()).collect();
        assert_eq!(addresses, ["t.new", "t.other"]);
    }

    #[test]
    fn updates_and_destroys_cause_no_orphans() {
        let mut operations = ApplyOperations::default();
        operations.started("t.u", "t", "update", Some("1"));
        operations.started("t.d", "t", "delete", Some("2"));
        operations.completed("t.u", "update", Some("1"));
        assert!(operations.created_nothing());
        assert!(operations.candidates("01RUN", &BTreeMap::new(), TerraformEnd::Abrupt).is_empty());
    }
}
