//! Compares the steps that an apply completed before it failed with the state afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::{RecordedState, State, listed_briefly};
use crate::report::Counts;
use crate::words::{Words, words};

/// The steps that Terraform's stream reported as complete, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompletedOperations {
    steps: Vec<CompletedOperation>,
    /// Address to the id of an object whose destruction began. Only the first line of a destruction has the id.
    destroying: BTreeMap<String, String>,
    /// Addresses of creations that failed.
    not_created: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct CompletedOperation {
    address: String,
    action: OperationKind,
    /// The id of the object that was created, changed or destroyed.
    id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OperationKind {
    Create,
    Update,
    Delete,
}

impl CompletedOperations {
    /// `id` is the id before the step. Only a destruction has one.
    pub fn started(&mut self, address: &str, action: &str, id: Option<&str>) {
        if let ("delete", Some(id)) = (action, id) {
            self.destroying.insert(address.to_owned(), id.to_owned());
        }
    }

    pub fn failed(&mut self, address: &str, action: &str) {
        if action == "create" {
            self.not_created.insert(address.to_owned());
        }
    }

    /// Sentences for the report. `held`: address to id, in the state before the apply.
    pub fn notes(
        &self,
        (before, held): (&RecordedState, &BTreeMap<String, String>),
        survived: Option<&State>,
        ended: bool,
    ) -> Vec<Words> {
        let tainted = survived.map(|state| self.tainted(held, state)).unwrap_or_default();
        let completed = Words::own(self.in_words(before, survived, ended, !tainted.is_empty()));
        say_tainted(&tainted).into_iter().chain([completed]).collect()
    }

    /// The objects that exist although their creation failed: Terraform has marked them as tainted.
    fn tainted(&self, held: &BTreeMap<String, String>, state: &State) -> Vec<String> {
        let is_new = |address: &&String| {
            let instance = state.instances.get(*address).filter(|one| one.current && one.tainted);
            instance.is_some_and(|one| one.id.is_none() || one.id.as_ref() != held.get(*address))
        };
        self.not_created.iter().filter(is_new).cloned().collect()
    }

    /// `id` comes from the last line of the step.
    pub fn add(&mut self, address: &str, action: &str, id: Option<&str>) {
        let action = match action {
            "create" => OperationKind::Create,
            "update" => OperationKind::Update,
            "delete" => OperationKind::Delete,
            _ => return,
        };
        let begun = match action {
            OperationKind::Delete => self.destroying.remove(address),
            OperationKind::Create | OperationKind::Update => None,
        };
        self.steps.push(CompletedOperation {
            address: address.to_owned(),
            action,
            id: id.map(str::to_owned).or(begun),
        });
    }

    /// Which steps are in the state, without steps that may be missing there. `ended`: terraform ended by itself, so that
    /// it had time to write all its changes. `has_tainted`: another sentence names objects that it has created.
    fn in_words(
        &self,
        before: &RecordedState,
        survived: Option<&State>,
        ended: bool,
        has_tainted: bool,
    ) -> String {
        let done = counted(self.steps.iter());
        let Some(survived) = survived else {
            return match self.steps.is_empty() {
                true => "no state was written, and no change was completed before the failure".to_owned(),
                false => {
                    format!(
                        "no state was written: the changes made before the failure ({done}) are in no state"
                    )
                }
            };
        };
        let serial = survived.serial;
        if self.steps.is_empty() {
            let other = if has_tainted { "other " } else { "" };
            return format!(
                "no {other}change was completed before the failure; the state is at serial {serial}"
            );
        }
        let written = ended && survived.remembered() != *before;
        let has = |step: &&CompletedOperation| step.is_in(survived, written);
        match self.steps.iter().filter(has).collect::<Vec<_>>() {
            all if all.len() == self.steps.len() => {
                format!(
                    "kept: the changes made before the failure ({done}) are in the state, at serial {serial}"
                )
            }
            none if none.is_empty() => format!(
                "the changes made before the failure ({done}) may be missing from the state, which is at \
                 serial {serial}"
            ),
            some => format!(
                "of the changes made before the failure ({done}), the state, at serial {serial}, is known to \
                 contain only {}",
                counted(some.into_iter())
            ),
        }
    }
}

impl CompletedOperation {
    /// Whether the state certainly contains this step.
    fn is_in(&self, state: &State, written: bool) -> bool {
        let instance = state.instances.get(&self.address);
        match self.action {
            OperationKind::Create => {
                let current = instance.filter(|instance| instance.current);
                current.is_some_and(|instance| self.id.is_none() || instance.id == self.id)
            }
            OperationKind::Delete => match instance {
                None => true,
                Some(instance) => instance.deposed == 0 && self.id.is_some() && instance.id != self.id,
            },
            // No id in the state proves an update.
            OperationKind::Update => written && instance.is_some(),
        }
    }
}

fn say_tainted(addresses: &[String]) -> Option<Words> {
    let (were, they) = match addresses {
        [] => return None,
        [_] => (" was created, but its creation failed: it is", "it"),
        _ => (" were created, but their creation failed: they are", "them"),
    };
    Some(words![
        listed_briefly(addresses),
        were,
        " in the state, marked as tainted, and the next run replaces ",
        they,
    ])
}

fn counted<'a>(steps: impl Iterator<Item = &'a CompletedOperation>) -> String {
    let mut counts = Counts::default();
    for step in steps {
        match step.action {
            OperationKind::Create => counts.add += 1,
            OperationKind::Update => counts.change += 1,
            OperationKind::Delete => counts.remove += 1,
        }
    }
    format!("+{} ~{} -{}", counts.add, counts.change, counts.remove)
}

#[cfg(test)]
mod tests {
    use super::super::StateInstance;
    use super::*;

    const BEFORE: RecordedState = RecordedState { lineage: String::new(), serial: 3, resources: 0 };

    fn state(serial: u64, instances: &[(&str, Option<&str>, usize)]) -> State {
        let instance = |(address, id, deposed): &(&str, Option<&str>, usize)| {
            let id = id.map(str::to_owned);
            (
                (*address).to_owned(),
                StateInstance { current: true, id, deposed: *deposed, ..StateInstance::default() },
            )
        };
        State { serial, instances: instances.iter().map(instance).collect(), ..State::default() }
    }

    #[test]
    fn only_resources_of_the_surviving_state_count_as_kept() {
        let (killed, ended) = (false, true);
        const CREATE: &[(&str, &str, Option<&str>)] =
            &[("t.a", "create", Some("1")), ("t.b", "create", Some("2"))];
        const DELETE: &[(&str, &str, Option<&str>)] = &[("t.a", "delete", Some("1"))];
        const UPDATE: &[(&str, &str, Option<&str>)] = &[("t.a", "update", Some("1"))];
        const REPLACE: &[(&str, &str, Option<&str>)] =
            &[("t.a", "delete", Some("1")), ("t.a", "create", Some("2"))];
        let at = |serial, instances: &[_]| Some(state(serial, instances));
        let a = |id| ("t.a", Some(id), 0);
        #[rustfmt::skip]
        let table = [
            (CREATE, None, killed, "no state was written: the changes made before the failure (+2 ~0 -0) are \
                                    in no state"),
            (CREATE, at(4, &[a("1"), ("t.b", Some("2"), 0)]), killed, "kept: the changes made before the \
                                                                       failure (+2 ~0 -0) are in the state, \
                                                                       at serial 4"),
            (CREATE, at(4, &[a("1")]), killed, "of the changes made before the failure (+2 ~0 -0), the state, \
                                                at serial 4, is known to contain only +1 ~0 -0"),
            (CREATE, at(4, &[a("9")]), killed, "the changes made before the failure (+2 ~0 -0) may be missing \
                                                from the state, which is at serial 4"),
            (CREATE, at(4, &[]), ended, "the changes made before the failure (+2 ~0 -0) may be missing from \
                                         the state, which is at serial 4"),
            (DELETE, at(3, &[a("1")]), killed, "the changes made before the failure (+0 ~0 -1) may be missing \
                                                from the state, which is at serial 3"),
            (DELETE, at(4, &[]), killed, "kept: the changes made before the failure (+0 ~0 -1) are in the \
                                          state, at serial 4"),
            (UPDATE, at(4, &[a("1")]), killed, "the changes made before the failure (+0 ~1 -0) may be missing \
                                                from the state, which is at serial 4"),
            (UPDATE, at(4, &[a("1")]), ended, "kept: the changes made before the failure (+0 ~1 -0) are in \
                                               the state, at serial 4"),
            // The serial has not changed: terraform wrote nothing, although it reported a completed step.
            (UPDATE, at(3, &[a("1")]), ended, "the changes made before the failure (+0 ~1 -0) may be missing \
                                               from the state, which is at serial 3"),
            (REPLACE, at(4, &[a("2")]), killed, "kept: the changes made before the failure (+1 ~0 -1) are in \
                                                 the state, at serial 4"),
            (REPLACE, at(4, &[a("1")]), killed, "the changes made before the failure (+1 ~0 -1) may be \
                                                 missing from the state, which is at serial 4"),
            (REPLACE, at(4, &[("t.a", Some("2"), 1)]), killed, "of the changes made before the failure (+1 ~0 \
                                                                -1), the state, at serial 4, is known to \
                                                                contain only +1 ~0 -0"),
            (&[], None, killed, "no state was written, and no change was completed before the failure"),
            (&[], at(3, &[]), ended, "no change was completed before the failure; the state is at serial 3"),
        ];
        for (steps, survived, ending, expected) in table {
            let mut completed = CompletedOperations::default();
            steps.iter().for_each(|(address, action, id)| completed.add(address, action, *id));
            let said = completed.in_words(&BEFORE, survived.as_ref(), ending, false);
            assert_eq!(said, expected, "{steps:?} {survived:?}");
        }
    }

    #[test]
    fn a_replacement_that_failed_to_create_is_told_and_its_destruction_is_known() {
        let mut completed = CompletedOperations::default();
        completed.started("t.a", "delete", Some("1"));
        completed.add("t.a", "delete", None);
        completed.failed("t.a", "create");
        completed.failed("t.b", "create");
        let mut after = state(4, &[("t.a", Some("2"), 0), ("t.b", Some("3"), 0)]);
        after.instances.values_mut().for_each(|instance| instance.tainted = true);
        // The tainted object at t.b is the one from before: the provider created no other.
        let held =
            [("t.a", "1"), ("t.b", "3")].map(|(address, id)| (address.to_owned(), id.to_owned())).into();
        let notes = completed.notes((&BEFORE, &held), Some(&after), true);
        assert_eq!(
            notes,
            [
                "t.a was created, but its creation failed: it is in the state, marked as tainted, and the next \
                 run replaces it",
                "kept: the changes made before the failure (+0 ~0 -1) are in the state, at serial 4",
            ]
        );
    }
}
