//! Decides whether a state edit is necessary, and whether its plan contains that edit and nothing else.

use super::policy::covers;
use super::{State, StateInstance};
use crate::change::Changes;
use crate::error::Code;
use crate::model::StateEdit;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateEditNeed {
    Plan,
    /// The edit is already done. The text is the reason code.
    Done(Code),
    /// The edit is impossible. A reason code and a sentence.
    Never(Code, String),
}

/// Decides by the state. `imported` is the id under which Eos imported the object at the address, if it did.
pub fn need(edit: &StateEdit, state: Option<&State>, imported: Option<&str>) -> StateEditNeed {
    let there = |address: &str| {
        state
            .into_iter()
            .flat_map(|state| &state.instances)
            .any(|(one, instance)| covers(address, one) && (instance.current || instance.deposed > 0))
    };
    match edit {
        StateEdit::Import { address, id } => {
            let present: Option<&StateInstance> =
                state.and_then(|state| state.instances.get(address.as_str()));
            match present.filter(|instance| instance.current) {
                None => StateEditNeed::Plan,
                Some(instance) if instance.id.as_ref() == Some(id) || imported == Some(id) => {
                    StateEditNeed::Done(Code::InState)
                }
                // The provider imports a job by its id and its namespace.
                Some(_) if state.is_some_and(|state| has_job(state, address.as_str(), id)) => {
                    StateEditNeed::Done(Code::InState)
                }
                Some(instance) => {
                    let other = instance.id.as_deref().or(imported).unwrap_or("an unknown id");
                    StateEditNeed::Never(
                        Code::OtherId,
                        format!("{address} is in the state with another id: {other}"),
                    )
                }
            }
        }
        StateEdit::Move { from, to } => match (there(from.as_str()), there(to.as_str())) {
            (true, false) => StateEditNeed::Plan,
            (false, true) => StateEditNeed::Done(Code::MovedBefore),
            (false, false) => {
                StateEditNeed::Never(Code::NoSuchResource, format!("the state does not contain {from}"))
            }
            (true, true) => {
                StateEditNeed::Never(Code::AddressTaken, format!("the state contains both {from} and {to}"))
            }
        },
        StateEdit::Remove { address, .. } => match there(address.as_str()) {
            true => StateEditNeed::Plan,
            false => StateEditNeed::Done(Code::NotInState),
        },
    }
}

fn has_job(state: &State, address: &str, id: &str) -> bool {
    state.jobs.iter().any(|job| job.address == address && id == format!("{}@{}", job.id, job.namespace))
}

/// Addresses that this plan also changes, or changes in another way than requested. Empty if the plan contains only the
/// requested edit.
pub fn others(edit: &StateEdit, changes: &Changes) -> Vec<String> {
    let (address, allowed): (_, &[&str]) = match edit {
        StateEdit::Import { address, .. } => (address, &["import", "update"]),
        StateEdit::Move { to, .. } => (to, &["move", "update"]),
        StateEdit::Remove { address, destroy: false } => (address, &["forget"]),
        StateEdit::Remove { address, destroy: true } => (address, &["delete"]),
    };
    let expected = |change: &&crate::report::ResourceChange| {
        covers(address.as_str(), &change.address)
            && matches!(&change.actions[..], [action] if allowed.contains(&action.as_str()))
    };
    let resources = changes.resources.iter().filter(|change| !expected(change)).chain(&changes.deferred);
    let actions = changes.actions.iter().map(|action| action.address.clone());
    resources.map(|change| change.address.clone()).chain(actions).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::planned;
    use crate::decide::StateJob;
    use crate::model::ResourceAddress;

    fn address(text: &str) -> ResourceAddress {
        ResourceAddress::new(text).unwrap()
    }

    fn import(id: &str) -> StateEdit {
        StateEdit::Import { address: address("a.b"), id: id.to_owned() }
    }

    fn shift(from: &str, to: &str) -> StateEdit {
        StateEdit::Move { from: address(from), to: address(to) }
    }

    fn remove(text: &str, destroy: bool) -> StateEdit {
        StateEdit::Remove { address: address(text), destroy }
    }

    #[test]
    fn an_edit_that_is_already_done_needs_no_plan() {
        let instance = StateInstance { current: true, id: Some("1".to_owned()), ..StateInstance::default() };
        let state = State { instances: [("a.b".to_owned(), instance)].into(), ..State::default() };
        let code = |need: StateEditNeed| match need {
            StateEditNeed::Plan => None,
            StateEditNeed::Done(code) | StateEditNeed::Never(code, _) => Some(code),
        };
        let table = [
            (import("1"), None, None, None),
            (import("1"), Some(&state), None, Some(Code::InState)),
            (import("2"), Some(&state), None, Some(Code::OtherId)),
            (import("x/1"), Some(&state), Some("x/1"), Some(Code::InState)),
            (shift("a.b", "a.c"), Some(&state), None, None),
            (shift("a.c", "a.b"), Some(&state), None, Some(Code::MovedBefore)),
            (shift("a.c", "a.d"), Some(&state), None, Some(Code::NoSuchResource)),
            (shift("a.b", "a.b"), Some(&state), None, Some(Code::AddressTaken)),
            (remove("a.b", false), Some(&state), None, None),
            (remove("a.c", true), Some(&state), None, Some(Code::NotInState)),
            (remove("a.b", false), None, None, Some(Code::NotInState)),
        ];
        for (edit, state, imported, expected) in table {
            assert_eq!(code(need(&edit, state, imported)), expected, "{edit:?}");
        }
    }

    #[test]
    fn a_job_is_known_by_its_id_and_its_namespace() {
        let instance =
            StateInstance { current: true, id: Some("web".to_owned()), ..StateInstance::default() };
        let job = StateJob {
            namespace: "apps".to_owned(),
            id: "web".to_owned(),
            modify_index: None,
            address: "a.b".to_owned(),
            is_purged: true,
            failed: false,
        };
        let instances = [("a.b".to_owned(), instance)].into();
        let state = State { instances, jobs: vec![job], ..State::default() };
        let needed = |id: &str| need(&import(id), Some(&state), None);
        assert_eq!(needed("web@apps"), StateEditNeed::Done(Code::InState));
        assert!(matches!(needed("web@default"), StateEditNeed::Never(Code::OtherId, _)));
    }

    #[test]
    fn a_plan_with_other_changes_is_reported_with_their_addresses() {
        let changes = |found: &[(&str, &str)]| Changes {
            resources: found.iter().filter_map(|(at, does)| planned(at, "a", "b", does, None)).collect(),
            ..Changes::default()
        };
        type Does<'a> = &'a [(&'a str, &'a str)];
        let table: [(StateEdit, Does<'_>, &[&str]); 9] = [
            (import("1"), &[("a.b", "import")], &[]),
            (import("1"), &[("a.b", "update")], &[]),
            (import("1"), &[("a.b", "replace")], &["a.b"]),
            (import("1"), &[("a.b", "create")], &["a.b"]),
            (import("1"), &[("a.b", "import"), ("a.c", "create")], &["a.c"]),
            (shift("module.x", "module.y"), &[("module.y.a.b", "move")], &[]),
            (shift("a.x", "a.b"), &[("a.b", "create")], &["a.b"]),
            (remove("a.b", false), &[("a.b", "remove"), ("a.b[0]", "delete")], &["a.b[0]"]),
            (remove("a.b", true), &[("a.b", "delete")], &[]),
        ];
        for (edit, found, expected) in table {
            assert_eq!(others(&edit, &changes(found)), expected, "{edit:?}");
        }
    }
}
