//! Decides what happens to a component after a failed run, and which rollback plans need approval.

use std::collections::BTreeSet;

use super::policy::covers;
use crate::change::Changes;
use crate::error::Code;
use crate::model::{FirstFailure, Loss, OnFailure, Policy, Rollback};
use crate::report::ResourceChange;

/// What this run did with a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    Nothing,
    /// The component succeeded; another one failed.
    Applied,
    Failed(Trouble),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its apply or its health gates failed, and everything that was done is in the state.
    Known,
    /// The lock was lost, so another run may write now.
    LockLost,
    /// Terraform could not save the state.
    Unsaved,
    /// It was stopped before it ended, or nobody saw its end. The state may be incomplete.
    CutOff,
    /// A person asked it to stop.
    Cancelled,
    /// Somebody else registered another version.
    Superseded,
    /// Its health could not be determined.
    Unseen,
}

/// The facts about a component after the run has failed.
#[derive(Clone, Copy, Debug)]
pub struct Aftermath<'a> {
    pub did: Did,
    pub on_failure: OnFailure,
    pub rollback: &'a Rollback,
    /// Digest of the configuration that was known good before this run.
    pub known_good: Option<&'a str>,
    /// Digest of the configuration that this run applied or tried to apply.
    pub tried: Option<&'a str>,
    /// An older provider would have to read a state that a newer version of it has written.
    pub downgrade: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// This run did nothing that could be rolled back.
    Leave,
    /// The component stays as it is. The text is the reason code.
    Keep(Code),
    /// The component has no known-good configuration. Its resources are destroyed.
    Destroy,
    RollBack,
}

/// Returns the next step for one component. Nothing follows that step.
pub fn back(aftermath: &Aftermath<'_>) -> Back {
    let Aftermath { did, on_failure, rollback, known_good, tried, downgrade } = *aftermath;
    match did {
        Did::Nothing => return Back::Leave,
        Did::Applied | Did::Failed(Trouble::Known) => {}
        Did::Failed(_) => return Back::Keep(Code::UnclearFailure),
    }
    match on_failure {
        OnFailure::Stop | OnFailure::Continue => Back::Keep(Code::RollbackOff),
        OnFailure::Rollback => match known_good {
            None => match rollback.on_first_failure {
                FirstFailure::Keep => Back::Keep(Code::NoKnownGood),
                FirstFailure::Destroy => Back::Destroy,
            },
            // The known-good configuration is already in place.
            Some(good) if tried == Some(good) => match did {
                Did::Failed(_) => Back::Keep(Code::IsKnownGood),
                _ => Back::Leave,
            },
            Some(_) if downgrade => Back::Keep(Code::ProviderDowngrade),
            Some(_) => Back::RollBack,
        },
    }
}

/// Returns the addresses that a rollback plan may delete or replace only with approval: resources that existed before
/// the run, and resources that policy protects. An incomplete resource does not need approval, unless policy protects
/// it.
pub fn needs_approval<'a>(
    policy: &Policy,
    rollback: &Rollback,
    before: &BTreeSet<String>,
    changes: &'a Changes,
) -> Vec<&'a ResourceChange> {
    let asks = |change: &&ResourceChange| {
        let loss = if change.actions.len() > 1 { Loss::Replace } else { Loss::Delete };
        let guarded =
            policy.protect.iter().any(|guarded| *guarded == change.kind || covers(guarded, &change.address));
        let tainted = change.reason.as_deref() == Some("tainted");
        let counts = rollback.needs_approval_for.contains(&loss) && before.contains(&change.address);
        guarded || (counts && !tainted)
    };
    changes.destroyed().filter(asks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::planned;

    #[test]
    fn the_table_decides_every_case() {
        use Back::{Destroy, Keep, Leave, RollBack};
        use Did::{Applied, Failed, Nothing};
        use OnFailure::{Continue, Rollback as On, Stop};
        use Trouble::{Cancelled, CutOff, Known, LockLost, Superseded, Unsaved, Unseen};
        let keep = Rollback::default();
        let destroy = Rollback { on_first_failure: FirstFailure::Destroy, ..Rollback::default() };
        let (v1, v2) = (Some("v1"), Some("v2"));
        #[rustfmt::skip]
        let table = [
            // what the run did, on_failure, rollback, known-good, tried, downgrade, the expected step
            (Nothing, On, &keep, v1, None, false, Leave),
            (Nothing, On, &destroy, None, None, false, Leave),
            (Nothing, Stop, &keep, v1, v2, true, Leave),
            (Applied, On, &keep, v1, v2, false, RollBack),
            (Applied, On, &keep, v1, v2, true, Keep(Code::ProviderDowngrade)),
            (Applied, On, &keep, v1, v1, false, Leave),
            (Applied, On, &keep, v1, v1, true, Leave),
            (Applied, On, &keep, None, v2, false, Keep(Code::NoKnownGood)),
            (Applied, On, &destroy, None, v2, false, Destroy),
            (Applied, Stop, &keep, v1, v2, false, Keep(Code::RollbackOff)),
            (Applied, Continue, &destroy, None, v2, false, Keep(Code::RollbackOff)),
            (Failed(Known), On, &keep, v1, v2, false, RollBack),
            (Failed(Known), On, &destroy, v1, v2, false, RollBack),
            (Failed(Known), On, &keep, v1, v2, true, Keep(Code::ProviderDowngrade)),
            (Failed(Known), On, &keep, v1, v1, false, Keep(Code::IsKnownGood)),
            (Failed(Known), On, &keep, v1, v1, true, Keep(Code::IsKnownGood)),
            (Failed(Known), On, &keep, None, v2, false, Keep(Code::NoKnownGood)),
            (Failed(Known), On, &destroy, None, v2, false, Destroy),
            (Failed(Known), On, &destroy, None, v2, true, Destroy),
            (Failed(Known), Stop, &keep, v1, v2, false, Keep(Code::RollbackOff)),
            (Failed(Known), Continue, &keep, v1, v2, false, Keep(Code::RollbackOff)),
            (Failed(LockLost), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(LockLost), Stop, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Unsaved), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Unsaved), On, &destroy, None, v2, false, Keep(Code::UnclearFailure)),
            (Failed(CutOff), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(CutOff), On, &destroy, None, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Cancelled), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Superseded), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Unseen), On, &destroy, None, v2, false, Keep(Code::UnclearFailure)),
        ];
        for (did, on_failure, rollback, known_good, tried, downgrade, expected) in table {
            let aftermath = Aftermath { did, on_failure, rollback, known_good, tried, downgrade };
            assert_eq!(back(&aftermath), expected, "{aftermath:?}");
        }
    }

    #[test]
    fn a_rollback_needs_approval_only_for_earlier_or_protected_resources() {
        let all = Rollback::default();
        let only = |loss| Rollback { needs_approval_for: [loss].into(), ..Rollback::default() };
        let none = Rollback { needs_approval_for: BTreeSet::new(), ..Rollback::default() };
        let open = Policy::default();
        let guards = |what: &str| Policy { protect: [what.to_owned()].into(), ..Policy::default() };
        let before = BTreeSet::from(["a.old".to_owned()]);
        let tainted = Some("tainted");
        let table = [
            (&open, &all, "a.old", "delete", None, true),
            (&open, &all, "a.old", "replace", None, true),
            (&open, &all, "a.old", "replace", tainted, false),
            (&open, &all, "a.old", "update", None, false),
            (&open, &all, "a.new", "delete", None, false),
            (&open, &all, "a.new", "replace", None, false),
            (&open, &only(Loss::Delete), "a.old", "replace", None, false),
            (&open, &only(Loss::Replace), "a.old", "replace", None, true),
            (&open, &only(Loss::Replace), "a.old", "delete", None, false),
            (&open, &none, "a.old", "delete", None, false),
            (&guards("a"), &none, "a.new", "delete", None, true),
            (&guards("a.new"), &none, "a.new", "replace", tainted, true),
            (&guards("b"), &none, "a.new", "delete", None, false),
            (&guards("a"), &all, "a.old", "update", None, false),
        ];
        for (policy, rollback, address, action, reason, expected) in table {
            let resources = planned(address, "a", "x", action, reason).into_iter().collect();
            let changes = Changes { resources, ..Changes::default() };
            let asks = !needs_approval(policy, rollback, &before, &changes).is_empty();
            assert_eq!(asks, expected, "{policy:?} {rollback:?} {address} {action} {reason:?}");
        }
    }
}
