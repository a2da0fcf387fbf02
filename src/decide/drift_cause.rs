//! Decides the cause of a difference, where the facts leave only one.

use std::collections::BTreeSet;

use crate::report::{DriftCause, DriftEvidence};

/// What is known when a difference is found.
#[derive(Clone, Debug, Default)]
pub struct DriftFacts {
    /// Providers with another version than at the last look.
    pub upgraded: BTreeSet<String>,
    /// The state's serial or lineage is not the one after the last run.
    pub another_apply: bool,
    /// The inputs of the applied configuration are different now.
    pub inputs_changed: bool,
}

/// None if several causes are possible.
pub fn drift_cause(evidence: &DriftEvidence, facts: &DriftFacts) -> Option<DriftCause> {
    let DriftEvidence { provider, is_new, is_outside } = evidence;
    let upgraded = facts.upgraded.contains(provider);
    let causes = [
        (*is_outside && !(upgraded && *is_new), DriftCause::ChangedOutside),
        (upgraded, DriftCause::ProviderUpgraded),
        (facts.another_apply, DriftCause::AnotherApply),
        (!is_outside && facts.inputs_changed, DriftCause::ConfigurationChanged),
    ];
    let possible: Vec<_> = causes.into_iter().filter(|(is_possible, _)| *is_possible).collect();
    match possible.as_slice() {
        [(_, cause)] => Some(*cause),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_named_only_if_the_facts_leave_no_other() {
        use DriftCause::{AnotherApply, ChangedOutside, ConfigurationChanged, ProviderUpgraded};
        // Changed outside, new attributes alone; provider upgraded, another apply, inputs changed; the cause.
        let table = [
            (true, false, false, false, false, Some(ChangedOutside)),
            (true, false, false, false, true, Some(ChangedOutside)),
            (true, true, true, false, false, Some(ProviderUpgraded)),
            (true, false, true, false, false, None),
            (true, false, false, true, false, None),
            (false, false, false, false, false, None),
            (false, false, false, false, true, Some(ConfigurationChanged)),
            (false, false, false, true, false, Some(AnotherApply)),
            (false, false, true, false, false, Some(ProviderUpgraded)),
            (false, false, true, false, true, None),
        ];
        for (is_outside, is_new, upgraded, another_apply, inputs_changed, expected) in table {
            let provider = "r/x/p".to_owned();
            let upgraded = upgraded.then(|| provider.clone()).into_iter().collect();
            let facts = DriftFacts { upgraded, another_apply, inputs_changed };
            let evidence = DriftEvidence { provider, is_new, is_outside };
            assert_eq!(drift_cause(&evidence, &facts), expected, "{evidence:?} {facts:?}");
        }
    }
}
