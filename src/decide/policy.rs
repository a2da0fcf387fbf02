//! Decides which plans may be applied without approval.

use std::collections::BTreeSet;

use super::listed_briefly;
use crate::change::Changes;
use crate::command_line::switch;
use crate::error::Code;
use crate::model::{DataPolicy, PlannedStep, Policy};
use crate::report::ResourceChange;
use crate::words::{Words, words};

/// Whether the caller confirmed that resources may be destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    None,
    /// The call names the one resource that it destroys.
    Named,
    /// `destroy confirm=ENVIRONMENT`. It replaces `allow_destroy`, but never `protect`, `data` or `max_destroys`.
    Confirmed,
    /// The caller named the resource that Terraform shall import, or forget.
    StateEdit,
}

/// Why a plan is not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyViolation {
    pub code: Code,
    pub message: Words,
    /// What to do. For a plan that can be approved: the change of the pillar that allows it for good.
    pub remedy: Words,
    pub addresses: Vec<String>,
}

/// Policy's verdict on a plan. The strictest reason comes first. `data`: the addresses that it destroys and that hold
/// data.
pub fn judge(
    policy: &Policy,
    changes: &Changes,
    consent: Consent,
    data: &[String],
) -> Result<(), PolicyViolation> {
    let destroyed: Vec<_> = changes.destroyed().collect();
    protected(policy, changes, consent)?;
    // Replacing a resource that Terraform itself left incomplete loses nothing. Otherwise no failed create could be
    // repeated. The same is true for a job without running allocations. No other resource is ever replaced on Eos's
    // request.
    let is_no_loss = |reason: &str| ["tainted", "requested", "replace_by_request"].contains(&reason);
    let lost: Vec<_> = destroyed
        .iter()
        .copied()
        .filter(|change| !change.reason.as_deref().is_some_and(is_no_loss))
        .collect();
    let addresses = || destroyed.iter().map(|change| change.address.clone()).collect();
    if !data.is_empty() && consent == Consent::Confirmed && policy.data == DataPolicy::Ask {
        return Err(PolicyViolation {
            code: Code::TakesData,
            message: words![
                "the destroy would take what holds data: ",
                data.join(", "),
                "; a destroy with ",
                Words::own(switch("preserve_data")),
                " keeps it"
            ],
            remedy: "set policy: {data: allow}".into(),
            addresses: data.to_vec(),
        });
    }
    let consents = matches!(consent, Consent::Named | Consent::Confirmed);
    if !lost.is_empty() && !policy.allow_destroy && !consents {
        return Err(PolicyViolation {
            code: Code::Destroys,
            message: words!["the plan ", does(&lost)],
            remedy: "set policy: {allow_destroy: true} for this component or environment".into(),
            addresses: lost.iter().map(|change| change.address.clone()).collect(),
        });
    }
    match policy.max_destroys {
        Some(most) if destroyed.len() as u64 > most => Err(PolicyViolation {
            code: Code::MaxDestroys,
            message: words!["the plan ", does(&destroyed), "; policy allows ", most],
            remedy: "raise policy:max_destroys in the pillar".into(),
            addresses: addresses(),
        }),
        _ if consent == Consent::StateEdit => Ok(()),
        _ => asked(policy, changes),
    }
}

/// What `ask` names waits for a person.
fn asked(policy: &Policy, changes: &Changes) -> Result<(), PolicyViolation> {
    let all = || changes.resources.iter().chain(&changes.deferred);
    let found = policy.ask.iter().map(|step| match step {
        PlannedStep::Forget => {
            ("forgets, without destroying it: ", changes.forgotten().map(ResourceChange::object).collect())
        }
        PlannedStep::Import => {
            let imported = all().filter(|one| one.import_id.is_some());
            ("imports ", imported.map(ResourceChange::object).collect())
        }
        PlannedStep::Invoke => {
            ("invokes ", changes.actions.iter().map(|action| action.address.clone()).collect::<Vec<_>>())
        }
    });
    match found.into_iter().find(|(_, names)| !names.is_empty()) {
        None => Ok(()),
        Some((does, names)) => Err(PolicyViolation {
            code: Code::Asks,
            message: words!["the plan ", does, listed_briefly(&names)],
            remedy: "remove this from policy:ask in the pillar".into(),
            addresses: names,
        }),
    }
}

/// What `protect` names may be neither destroyed nor forgotten, and no action that it names may be invoked.
fn protected(policy: &Policy, changes: &Changes, consent: Consent) -> Result<(), PolicyViolation> {
    let guards = |kind: &str, address: &str| is_named(&policy.protect, kind, address);
    let is_guarded = |change: &&ResourceChange| guards(&change.kind, &change.address);
    let destroyed: Vec<_> = changes.destroyed().filter(is_guarded).collect();
    let forgotten: Vec<_> = match consent {
        Consent::StateEdit => Vec::new(),
        Consent::None | Consent::Named | Consent::Confirmed => {
            changes.forgotten().filter(is_guarded).collect()
        }
    };
    let invoked: Vec<_> =
        changes.actions.iter().filter(|action| guards(&action.kind, &action.address)).collect();
    let names =
        |found: &[&ResourceChange]| found.iter().map(|one| one.object()).collect::<Vec<_>>().join(", ");
    let mut said = Vec::new();
    if !destroyed.is_empty() {
        said.push(words!["the plan destroys what policy protects: ", names(&destroyed)]);
    }
    if !forgotten.is_empty() {
        said.push(words![
            "the plan forgets what policy protects, without destroying it: ",
            names(&forgotten)
        ]);
    }
    if !invoked.is_empty() {
        let names: Vec<_> = invoked.iter().map(|action| action.address.as_str()).collect();
        said.push(words!["the plan invokes an action that policy protects: ", names.join(", ")]);
    }
    let Some(message) = said.into_iter().reduce(|all, one| words![all, "; ", one]) else { return Ok(()) };
    let resources = destroyed.iter().chain(&forgotten).map(|change| change.address.clone());
    Err(PolicyViolation {
        code: Code::Protected,
        message,
        remedy: "remove it from policy:protect in the pillar".into(),
        addresses: resources.chain(invoked.iter().map(|action| action.address.clone())).collect(),
    })
}

/// Whether one of these names is the type of a resource, or covers its address.
pub fn is_named(names: &BTreeSet<String>, kind: &str, address: &str) -> bool {
    names.iter().any(|one| one == kind || covers(one, address))
}

/// An address covers itself, its instances and, if it is a module, everything in it.
pub fn covers(guarded: &str, address: &str) -> bool {
    address.strip_prefix(guarded).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
}

/// `destroys a.x, and replaces a.y: the old one is destroyed`
fn does(destroyed: &[&ResourceChange]) -> Words {
    let (replaced, gone): (Vec<_>, Vec<_>) = destroyed.iter().partition(|change| change.does("create"));
    let replaces = |names| words!["replaces ", names, ": the old one is destroyed"];
    match (&gone[..], &replaced[..]) {
        (gone, []) => words!["destroys ", name_some(gone)],
        ([], replaced) => replaces(name_some(replaced)),
        (gone, replaced) => words!["destroys ", name_some(gone), ", and ", replaces(name_some(replaced))],
    }
}

fn name_some(changes: &[&ResourceChange]) -> Words {
    listed_briefly(&changes.iter().map(|change| change.object()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::planned;
    use crate::report::ActionInvocation;

    fn changes(deleted: &[&str]) -> Changes {
        let resources = deleted
            .iter()
            .filter_map(|address| planned(address, address.split('.').next().unwrap(), "x", "delete", None))
            .collect();
        Changes { resources, ..Changes::default() }
    }

    fn code(policy: &Policy, deleted: &[&str], consent: Consent) -> Option<Code> {
        judge(policy, &changes(deleted), consent, &[]).err().map(|violation| violation.code)
    }

    fn policy(allow_destroy: bool, max_destroys: Option<u64>, protect: &[&str]) -> Policy {
        let protect = protect.iter().map(|&one| one.to_owned()).collect();
        Policy { allow_destroy, max_destroys, protect, ..Policy::default() }
    }

    #[test]
    fn the_table_decides_what_policy_stops() {
        let open = policy(true, None, &[]);
        let closed = policy(false, None, &[]);
        let table: &[(&Policy, &[&str], Consent, Option<Code>)] = &[
            (&closed, &[], Consent::None, None),
            (&closed, &["a.x"], Consent::None, Some(Code::Destroys)),
            (&closed, &["a.x"], Consent::Confirmed, None),
            (&open, &["a.x"], Consent::None, None),
            (&policy(true, Some(1), &[]), &["a.x"], Consent::None, None),
            (&policy(true, Some(1), &[]), &["a.x", "a.y"], Consent::None, Some(Code::MaxDestroys)),
            (&policy(true, Some(1), &[]), &["a.x", "a.y"], Consent::Confirmed, Some(Code::MaxDestroys)),
            (&policy(true, None, &["a"]), &["a.x"], Consent::Confirmed, Some(Code::Protected)),
            (&policy(true, None, &["a.x"]), &["a.x[0]"], Consent::None, Some(Code::Protected)),
            (&policy(true, None, &["a.x"]), &["a.xy"], Consent::None, None),
            (&policy(true, None, &["module.db"]), &["module.db.a.x"], Consent::None, Some(Code::Protected)),
        ];
        for (policy, deleted, consent, expected) in table {
            assert_eq!(code(policy, deleted, *consent), *expected, "{policy:?} {deleted:?} {consent:?}");
        }
    }

    #[test]
    fn a_confirmed_destroy_asks_before_it_takes_data() {
        let data = ["a.x".to_owned()];
        let ask = policy(true, None, &[]);
        let allow = Policy { data: DataPolicy::Allow, ..ask.clone() };
        let table = [
            (&ask, Consent::Confirmed, Some(Code::TakesData)),
            (&allow, Consent::Confirmed, None),
            (&ask, Consent::Named, None),
            // A change of the pillar is a matter of allow_destroy.
            (&ask, Consent::None, None),
            (&policy(true, None, &["a"]), Consent::Confirmed, Some(Code::Protected)),
        ];
        for (policy, consent, expected) in table {
            let violation = judge(policy, &changes(&["a.x", "a.y"]), consent, &data).err();
            assert_eq!(violation.as_ref().map(|one| one.code), expected, "{policy:?} {consent:?}");
            if expected == Some(Code::TakesData) {
                let message = violation.unwrap().message.to_string();
                assert!(
                    message.contains("what holds data: a.x; a destroy with preserve_data=True keeps it"),
                    "{message}"
                );
            }
        }
    }

    #[test]
    fn what_is_replaced_is_not_said_to_be_destroyed_only() {
        let said = |actions: &[(&str, &str)]| {
            let one = |(address, action): &(&str, &str)| planned(address, "a", "x", action, None);
            let resources = actions.iter().filter_map(one).collect();
            let changes = Changes { resources, ..Changes::default() };
            judge(&policy(false, None, &[]), &changes, Consent::None, &[]).unwrap_err().message.to_string()
        };
        assert_eq!(said(&[("a.x", "delete")]), "the plan destroys a.x");
        assert_eq!(said(&[("a.y", "replace")]), "the plan replaces a.y: the old one is destroyed");
        let both = "the plan destroys a.x, and replaces a.y: the old one is destroyed";
        assert_eq!(said(&[("a.x", "delete"), ("a.y", "replace")]), both);
    }

    #[test]
    fn a_tainted_resource_may_be_replaced_unless_it_is_protected() {
        for reason in ["tainted", "requested"] {
            let replaced = planned("a.x", "a", "x", "replace", Some(reason)).into_iter().collect();
            let changes = Changes { resources: replaced, ..Changes::default() };
            assert_eq!(judge(&Policy::default(), &changes, Consent::None, &[]), Ok(()));
            assert!(judge(&policy(false, None, &["a"]), &changes, Consent::None, &[]).is_err());
        }
    }

    #[test]
    fn a_replacement_counts_as_a_destroy() {
        let replaced = planned("a.x", "a", "x", "replace", None).into_iter().collect();
        let changes = Changes { resources: replaced, ..Changes::default() };
        assert!(judge(&Policy::default(), &changes, Consent::None, &[]).is_err());
    }
    #[test]
    fn protect_covers_what_is_forgotten_and_invoked_and_names_old_copies() {
        let guarded = policy(true, None, &["a", "action.t.n"]);
        let judged =
            |changes: Changes, consent| judge(&guarded, &changes, consent, &[]).map_err(|one| one.message);
        let of = |change: ResourceChange| Changes { resources: vec![change], ..Changes::default() };
        let forgotten = || of(planned("a.x", "a", "x", "remove", None).unwrap());
        let message = "the plan forgets what policy protects, without destroying it: a.x";
        assert_eq!(judged(forgotten(), Consent::None).unwrap_err(), message);
        assert_eq!(judged(forgotten(), Consent::StateEdit), Ok(()));
        assert_eq!(judge(&policy(false, Some(0), &[]), &forgotten(), Consent::None, &[]), Ok(()));
        let old = ResourceChange {
            deposed: Some("1a2b".to_owned()),
            ..planned("a.x", "a", "x", "delete", None).unwrap()
        };
        let message = "the plan destroys what policy protects: the old copy 1a2b of a.x";
        assert_eq!(judged(of(old.clone()), Consent::Confirmed).unwrap_err(), message);
        let closed = judge(&policy(false, None, &[]), &of(old), Consent::None, &[]).unwrap_err();
        assert_eq!(closed.message, "the plan destroys the old copy 1a2b of a.x");
        let action = ActionInvocation { address: "action.t.n".to_owned(), ..ActionInvocation::default() };
        let invokes = Changes { actions: vec![action], ..Changes::default() };
        let message = "the plan invokes an action that policy protects: action.t.n";
        assert_eq!(judged(invokes, Consent::Confirmed).unwrap_err(), message);
    }

    #[test]
    fn policy_asks_before_it_forgets_imports_or_invokes_unless_the_call_named_the_resource() {
        let asks = |step| Policy { ask: [step].into(), ..Policy::default() };
        let forgets = || planned("a.x", "a", "x", "remove", None).unwrap();
        let imports =
            || ResourceChange { import_id: Some("7".to_owned()), address: "a.y".to_owned(), ..forgets() };
        let imports = || ResourceChange { actions: vec!["update".to_owned()], ..imports() };
        let action = ActionInvocation { address: "action.t.n".to_owned(), ..ActionInvocation::default() };
        let changes =
            Changes { resources: vec![forgets(), imports()], actions: vec![action], ..Changes::default() };
        let table = [
            (PlannedStep::Forget, "the plan forgets, without destroying it: a.x"),
            (PlannedStep::Import, "the plan imports a.y"),
            (PlannedStep::Invoke, "the plan invokes action.t.n"),
        ];
        for (step, message) in table {
            for consent in [Consent::None, Consent::Confirmed] {
                let violation = judge(&asks(step), &changes, consent, &[]).unwrap_err();
                assert_eq!((violation.code, violation.message.to_string().as_str()), (Code::Asks, message));
            }
            assert_eq!(judge(&asks(step), &changes, Consent::StateEdit, &[]), Ok(()));
            assert_eq!(judge(&asks(step), &Changes::default(), Consent::None, &[]), Ok(()));
        }
        assert_eq!(judge(&Policy::default(), &changes, Consent::None, &[]), Ok(()));
    }

    #[test]
    fn a_deletion_that_terraform_defers_is_judged_like_any_other() {
        let deferred = planned("a.x", "a", "x", "delete", None).into_iter().collect();
        let changes = Changes { deferred, ..Changes::default() };
        assert!(judge(&Policy::default(), &changes, Consent::None, &[]).is_err());
    }
}
