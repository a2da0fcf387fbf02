//! Decides to which configuration a requested rollback returns, if the request names no snapshot.

use super::Baseline;
use super::baseline::Previous;

/// The facts about a component, from its record and its snapshots.
#[derive(Clone, Copy, Debug)]
pub struct RollbackFacts<'a> {
    pub baseline: &'a Baseline,
    /// The state contains the whole configuration that was applied last.
    pub is_whole: bool,
    /// It never ran, or it was destroyed or taken down.
    pub is_gone: bool,
    /// The newest other configuration of a snapshot.
    pub earlier: Option<&'a str>,
    /// The snapshots show that the first apply was also the last one.
    pub is_first: bool,
    /// The newest snapshot was taken by a rollback to the configuration that was applied last.
    pub went_back: bool,
    /// Whether the request takes a component down that has no earlier configuration.
    pub may_take_down: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollbackGoal {
    /// The digest of a configuration. It may be the present one: then nothing changes.
    Configuration(String),
    /// Nothing was ever applied before the present configuration, or nothing is left.
    TakeDown,
    /// No earlier configuration is known.
    Unknown,
}

/// A rollback stays back: until another configuration is applied, the next request has the same goal.
pub fn rollback_goal(facts: &RollbackFacts<'_>) -> RollbackGoal {
    let RollbackFacts { baseline, is_whole, is_gone, earlier, is_first, went_back, may_take_down } = *facts;
    let Baseline { applied, known_good, previous, back } = baseline;
    let to = |configuration: &str| RollbackGoal::Configuration(configuration.to_owned());
    let nothing = if may_take_down { RollbackGoal::TakeDown } else { RollbackGoal::Unknown };
    let by_snapshots = || match earlier {
        Some(earlier) => to(earlier),
        None if is_first || is_gone => nothing.clone(),
        None => RollbackGoal::Unknown,
    };
    match (back, known_good, previous) {
        (Some(back), _, _) => to(back),
        _ if is_gone && may_take_down => RollbackGoal::TakeDown,
        _ if is_gone => by_snapshots(),
        (None, Some(good), _) if !is_whole || applied.as_ref() != Some(good) => to(good),
        (None, Some(_), Some(Previous::Configuration(previous))) => to(previous),
        (None, Some(_), Some(Previous::Nothing)) => nothing,
        (None, Some(good), None) if went_back => to(good),
        (None, None, Some(Previous::Nothing)) if earlier.is_none() => nothing,
        (None, _, _) => by_snapshots(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(
        applied: Option<&str>,
        known_good: Option<&str>,
        previous: Option<&str>,
        back: Option<&str>,
    ) -> Baseline {
        let text = |one: Option<&str>| one.map(str::to_owned);
        let previous = previous.map(|one| match one {
            "nothing" => Previous::Nothing,
            other => Previous::Configuration(other.to_owned()),
        });
        Baseline { applied: text(applied), known_good: text(known_good), previous, back: text(back) }
    }

    #[test]
    fn the_table_decides_to_what_a_rollback_returns() {
        let v1 = Some("v1");
        let v2 = Some("v2");
        let v3 = Some("v3");
        let nothing = Some("nothing");
        #[rustfmt::skip]
        let table = [
            // applied, known good, previous, back, whole, gone, by snapshots, with and without taking down
            (baseline(v2, v2, v1, None), true, false, None, "v1", "v1"),
            // A rollback stays back, also if it failed halfway.
            (baseline(v1, v1, None, v1), true, false, v2, "v1", "v1"),
            (baseline(v2, v2, v1, v1), false, false, v2, "v1", "v1"),
            // The last apply failed halfway, or is complete and not healthy.
            (baseline(v1, v1, nothing, None), false, false, None, "v1", "v1"),
            (baseline(v2, v1, nothing, None), true, false, None, "v1", "v1"),
            // It was healthy once and is not any more.
            (baseline(v3, v3, v2, None), true, false, None, "v2", "v2"),
            // There never was another one.
            (baseline(v1, v1, nothing, None), true, false, None, "down", "unknown"),
            (baseline(v1, None, nothing, None), true, false, None, "down", "unknown"),
            (baseline(None, None, nothing, None), false, false, None, "down", "unknown"),
            // Two complete configurations, and none was healthy.
            (baseline(v2, None, nothing, None), true, false, v1, "v1", "v1"),
            // A record of an earlier version knows nothing of the previous configuration.
            (baseline(v2, v2, None, None), true, false, v1, "v1", "v1"),
            (baseline(v2, v2, None, None), true, false, None, "unknown", "unknown"),
            // Nothing is left.
            (baseline(None, None, nothing, None), true, true, v2, "down", "v2"),
            (baseline(v1, None, nothing, None), false, true, None, "down", "unknown"),
        ];
        for (baseline, is_whole, is_gone, earlier, staged, plain) in table {
            for (may_take_down, expected) in [(true, staged), (false, plain)] {
                let facts = RollbackFacts {
                    baseline: &baseline,
                    is_whole,
                    is_gone,
                    earlier,
                    is_first: false,
                    went_back: false,
                    may_take_down,
                };
                let goal = match rollback_goal(&facts) {
                    RollbackGoal::Configuration(digest) => digest,
                    RollbackGoal::TakeDown => "down".to_owned(),
                    RollbackGoal::Unknown => "unknown".to_owned(),
                };
                assert_eq!(goal, expected, "{facts:?}");
            }
        }
    }

    #[test]
    fn the_snapshots_of_an_earlier_version_show_a_first_apply_and_a_rollback() {
        let old = baseline(Some("v1"), Some("v1"), None, None);
        let facts = |is_first: bool, went_back: bool| RollbackFacts {
            baseline: &old,
            is_whole: true,
            is_gone: false,
            earlier: went_back.then_some("v2"),
            is_first,
            went_back,
            may_take_down: true,
        };
        assert_eq!(rollback_goal(&facts(true, false)), RollbackGoal::TakeDown);
        assert_eq!(rollback_goal(&facts(false, true)), RollbackGoal::Configuration("v1".to_owned()));
    }
}
