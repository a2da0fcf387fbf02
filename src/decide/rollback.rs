//! Decides what happens to a component after a failed run, and which rollback plans need approval.

use std::collections::BTreeSet;

use super::policy::is_named;
use crate::change::Changes;
use crate::error::Code;
use crate::model::{DestructiveAction, FirstFailure, OnFailure, Policy, RollbackSettings};
use crate::report::ResourceChange;

/// What this run did with a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeProgress {
    Nothing,
    /// The component succeeded; another one failed.
    Applied,
    Failed(ApplyFailure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyFailure {
    /// Its apply or its health gates failed, and everything that was done is in the state.
    StateKnown,
    /// The lock was lost, so another run may write now.
    LockLost,
    /// Terraform could not save the state.
    StateUnsaved,
    /// It was stopped before it ended, or nobody saw its end. The state may be incomplete.
    Interrupted,
    /// A person asked it to stop.
    Cancelled,
    /// Somebody else registered another version.
    Superseded,
    /// Its health could not be determined.
    HealthUnknown,
}

/// The facts about a component after the run has failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedRunComponent<'a> {
    pub progress: ChangeProgress,
    pub on_failure: OnFailure,
    pub rollback: &'a RollbackSettings,
    /// Digest of the configuration that was known good before this run.
    pub known_good: Option<&'a str>,
    /// Digest of the configuration that this run applied or tried to apply.
    pub attempted: Option<&'a str>,
    /// An older provider would have to read a state that a newer version of it has written.
    pub downgrade: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackDecision {
    /// This run did nothing that could be rolled back.
    Leave,
    /// The component stays as it is. The text is the reason code.
    Keep(Code),
    /// The component has no known-good configuration. Its resources are destroyed.
    Destroy,
    RollBack,
}

/// Returns the next step for one component. Nothing follows that step.
pub fn decide_rollback(aftermath: &FailedRunComponent<'_>) -> RollbackDecision {
    let FailedRunComponent { progress, on_failure, rollback, known_good, attempted: tried, downgrade } =
        *aftermath;
    match progress {
        ChangeProgress::Nothing => return RollbackDecision::Leave,
        ChangeProgress::Applied | ChangeProgress::Failed(ApplyFailure::StateKnown) => {}
        ChangeProgress::Failed(_) => return RollbackDecision::Keep(Code::UnclearFailure),
    }
    match on_failure {
        OnFailure::Stop | OnFailure::Continue => RollbackDecision::Keep(Code::RollbackOff),
        OnFailure::Rollback => match known_good {
            None => match rollback.on_first_failure {
                FirstFailure::Keep => RollbackDecision::Keep(Code::NoKnownGood),
                FirstFailure::Destroy => RollbackDecision::Destroy,
            },
            // The known-good configuration is already in place.
            Some(good) if tried == Some(good) => match progress {
                ChangeProgress::Failed(_) => RollbackDecision::Keep(Code::IsKnownGood),
                _ => RollbackDecision::Leave,
            },
            Some(_) if downgrade => RollbackDecision::Keep(Code::ProviderDowngrade),
            Some(_) => RollbackDecision::RollBack,
        },
    }
}

/// Returns the addresses that a rollback plan may delete or replace only with approval: resources that existed before
/// the run, and resources that policy protects. If it is not known what existed before, all of them count. An
/// incomplete resource does not need approval, unless policy protects it.
pub fn needs_approval<'a>(
    policy: &Policy,
    rollback: &RollbackSettings,
    before: Option<&BTreeSet<String>>,
    changes: &'a Changes,
) -> Vec<&'a ResourceChange> {
    let asks = |change: &&ResourceChange| {
        let loss =
            if change.actions.len() > 1 { DestructiveAction::Replace } else { DestructiveAction::Delete };
        let guarded = is_named(&policy.protect, &change.kind, &change.address);
        let tainted = change.reason.as_deref() == Some("tainted");
        let counts = rollback.needs_approval_for.contains(&loss)
            && before.is_none_or(|before| before.contains(&change.address));
        guarded || (change.does("delete") && counts && !tainted)
    };
    let concerned = changes.resources.iter().chain(&changes.deferred);
    concerned.filter(|change| change.does("delete") || change.does("forget")).filter(asks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::planned;

    #[test]
    fn the_table_decides_every_case() {
        use ApplyFailure::{
            Cancelled, HealthUnknown, Interrupted, LockLost, StateKnown, StateUnsaved, Superseded,
        };
        use ChangeProgress::{Applied, Failed, Nothing};
        use OnFailure::{Continue, Rollback as On, Stop};
        use RollbackDecision::{Destroy, Keep, Leave, RollBack};
        let keep = RollbackSettings::default();
        let destroy =
            RollbackSettings { on_first_failure: FirstFailure::Destroy, ..RollbackSettings::default() };
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
            (Failed(StateKnown), On, &keep, v1, v2, false, RollBack),
            (Failed(StateKnown), On, &destroy, v1, v2, false, RollBack),
            (Failed(StateKnown), On, &keep, v1, v2, true, Keep(Code::ProviderDowngrade)),
            (Failed(StateKnown), On, &keep, v1, v1, false, Keep(Code::IsKnownGood)),
            (Failed(StateKnown), On, &keep, v1, v1, true, Keep(Code::IsKnownGood)),
            (Failed(StateKnown), On, &keep, None, v2, false, Keep(Code::NoKnownGood)),
            (Failed(StateKnown), On, &destroy, None, v2, false, Destroy),
            (Failed(StateKnown), On, &destroy, None, v2, true, Destroy),
            (Failed(StateKnown), Stop, &keep, v1, v2, false, Keep(Code::RollbackOff)),
            (Failed(StateKnown), Continue, &keep, v1, v2, false, Keep(Code::RollbackOff)),
            (Failed(LockLost), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(LockLost), Stop, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(StateUnsaved), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(StateUnsaved), On, &destroy, None, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Interrupted), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Interrupted), On, &destroy, None, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Cancelled), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(Superseded), On, &keep, v1, v2, false, Keep(Code::UnclearFailure)),
            (Failed(HealthUnknown), On, &destroy, None, v2, false, Keep(Code::UnclearFailure)),
        ];
        for (progress, on_failure, rollback, known_good, tried, downgrade, expected) in table {
            let aftermath = FailedRunComponent {
                progress,
                on_failure,
                rollback,
                known_good,
                attempted: tried,
                downgrade,
            };
            assert_eq!(decide_rollback(&aftermath), expected, "{aftermath:?}");
        }
    }

    #[test]
    fn a_rollback_needs_approval_only_for_earlier_or_protected_resources() {
        let all = RollbackSettings::default();
        let only =
            |loss| RollbackSettings { needs_approval_for: [loss].into(), ..RollbackSettings::default() };
        let none = RollbackSettings { needs_approval_for: BTreeSet::new(), ..RollbackSettings::default() };
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
            (&open, &only(DestructiveAction::Delete), "a.old", "replace", None, false),
            (&open, &only(DestructiveAction::Replace), "a.old", "replace", None, true),
            (&open, &only(DestructiveAction::Replace), "a.old", "delete", None, false),
            (&open, &none, "a.old", "delete", None, false),
            (&guards("a"), &none, "a.new", "delete", None, true),
            (&guards("a.new"), &none, "a.new", "replace", tainted, true),
            (&guards("b"), &none, "a.new", "delete", None, false),
            (&guards("a"), &all, "a.old", "update", None, false),
        ];
        for (policy, rollback, address, action, reason, expected) in table {
            let resources = planned(address, "a", "x", action, reason).into_iter().collect();
            let changes = Changes { resources, ..Changes::default() };
            let asks = !needs_approval(policy, rollback, Some(&before), &changes).is_empty();
            assert_eq!(asks, expected, "{policy:?} {rollback:?} {address} {action} {reason:?}");
            let unknown = !needs_approval(policy, rollback, None, &changes).is_empty();
            assert!(unknown || !expected, "{address} {action}");
        }
    }
}
