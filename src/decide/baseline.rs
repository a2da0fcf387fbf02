//! Decides which configurations are recorded for a component when a run of it ends.

use serde::{Deserialize, Serialize};

/// A version whose deployment Nomad has given up. A person must handle it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedVersion {
    /// Digest of the version's content: the module, its inputs, and the component's entry in the pillar.
    pub version: String,
    /// Digest of its configuration.
    pub configuration: String,
    pub run_id: String,
    /// RFC 3339, UTC.
    pub since: String,
    /// Nomad's reason, on one line.
    pub said: String,
}

impl FailedVersion {
    /// Describes the failed version for people, without a remedy.
    pub fn words(&self) -> String {
        let Self { run_id, since, said, .. } = self;
        format!(
            "failed version, waits for a person: run {run_id} ({since}) registered it, and it failed: {said}"
        )
    }

    /// What remains recorded after a turn. `version` is what that turn was made from. `aside`: the turn was part of a
    /// rollback, or it repaired drift. In that case the pillar may still ask for the version that failed.
    pub fn after(self, version: &str, aside: bool, ended: TurnEnd<'_>) -> Option<Self> {
        let is_over = match ended {
            TurnEnd::Destroyed | TurnEnd::DataKept => !aside,
            TurnEnd::KnownGood(_) => !aside || self.version == version,
            TurnEnd::Complete(_) | TurnEnd::Partial => !aside && self.version != version,
        };
        (!is_over).then_some(self)
    }
}

/// Digests of configurations, if there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The last configuration that was applied completely.
    pub applied: Option<String>,
    /// The known-good configuration. A rollback returns to it.
    pub known_good: Option<String>,
    /// What was known good before it. None if this is not recorded.
    pub previous: Option<Previous>,
    /// The goal of the last rollback. It is forgotten when another configuration is applied.
    pub back: Option<String>,
}

/// What was known good before the present known-good configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Previous {
    Nothing,
    Configuration(String),
}

/// How a turn came to its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course<'a> {
    /// It applied what the pillar describes, or tried to.
    Forward,
    /// It found nothing to change, so its configuration has the same resources as the one before.
    Same,
    /// It returned to an earlier configuration, or tried to.
    Back(&'a str),
}

/// How a turn of a component ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnEnd<'a> {
    /// The whole configuration is in the state: its apply exited with 0, or its plan found nothing to do.
    Complete(&'a str),
    /// In addition, all other checks passed, such as the health gates. A rollback may return to it.
    KnownGood(&'a str),
    /// Nothing of the component remains.
    Destroyed,
    /// Only those resources remain that hold data.
    DataKept,
    /// The state may contain a part of the configuration.
    Partial,
}

impl Baseline {
    /// The baseline of a component of which nothing exists.
    pub fn nothing() -> Self {
        Self { previous: Some(Previous::Nothing), ..Self::default() }
    }

    pub fn after(self, ended: TurnEnd<'_>, course: Course<'_>) -> Self {
        let configuration = match ended {
            // The remaining resources are still destroyed with this configuration.
            TurnEnd::DataKept => return Self { applied: self.applied, ..Self::nothing() },
            TurnEnd::Destroyed => return Self::nothing(),
            TurnEnd::Partial => {
                let back = match course {
                    Course::Back(goal) => Some(goal.to_owned()),
                    Course::Forward | Course::Same => self.back,
                };
                return Self { back, ..self };
            }
            TurnEnd::Complete(configuration) | TurnEnd::KnownGood(configuration) => configuration,
        };
        let now = Some(configuration.to_owned());
        // The known-good configuration and the goal under their new digest.
        let same = course == Course::Same && self.applied.is_some();
        let known_good = match ended {
            TurnEnd::KnownGood(_) => now.clone(),
            _ if same && self.known_good == self.applied => now.clone(),
            _ => self.known_good.clone(),
        };
        let back = match course {
            Course::Back(goal) => Some(goal.to_owned()),
            Course::Same if same && self.back == self.applied => now.clone(),
            Course::Forward | Course::Same => self.back.filter(|back| back == configuration),
        };
        let previous = match (self.known_good, course) {
            (before, _) if before == known_good => self.previous,
            (before, Course::Same) if same && before == self.applied => self.previous,
            // What was left behind is not known good any more.
            (_, Course::Back(_)) => None,
            (Some(before), _) => Some(Previous::Configuration(before)),
            (None, _) => self.previous,
        };
        Self { applied: now, known_good, previous, back }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_version_is_recorded_until_it_works_or_the_pillar_changes() {
        let failed = FailedVersion {
            version: "bad".to_owned(),
            configuration: "c".to_owned(),
            run_id: "r".to_owned(),
            since: "s".to_owned(),
            said: "no such luck".to_owned(),
        };
        // The version of the turn, whether the turn was not for the pillar's version, how it ended, whether the failed
        // version stays recorded.
        let table = [
            ("bad", false, TurnEnd::Complete("x"), true),
            ("bad", false, TurnEnd::Partial, true),
            ("bad", false, TurnEnd::KnownGood("x"), false),
            ("bad", false, TurnEnd::Destroyed, false),
            ("other", false, TurnEnd::Complete("x"), false),
            ("other", false, TurnEnd::Partial, false),
            ("other", false, TurnEnd::KnownGood("x"), false),
            ("other", true, TurnEnd::Complete("x"), true),
            ("other", true, TurnEnd::Partial, true),
            ("other", true, TurnEnd::KnownGood("x"), true),
            ("bad", true, TurnEnd::KnownGood("x"), false),
            ("bad", true, TurnEnd::Destroyed, true),
        ];
        for (version, aside, ended, stays) in table {
            let after = failed.clone().after(version, aside, ended);
            assert_eq!(after.is_some(), stays, "{version} {aside} {ended:?}");
        }
    }

    fn text(one: Option<&str>) -> Option<String> {
        one.map(str::to_owned)
    }

    #[test]
    fn only_a_complete_apply_is_recorded_and_only_a_proven_configuration_is_known_good() {
        let none = (None, None);
        let (old, new) = ((Some("old"), Some("old")), (Some("new"), Some("new")));
        let differ = (Some("later"), Some("old"));
        let table = [
            (none, TurnEnd::KnownGood("new"), new),
            (none, TurnEnd::Complete("new"), (Some("new"), None)),
            (none, TurnEnd::Partial, none),
            (none, TurnEnd::Destroyed, none),
            (old, TurnEnd::KnownGood("new"), new),
            (old, TurnEnd::Complete("new"), (Some("new"), Some("old"))),
            (old, TurnEnd::Partial, old),
            (old, TurnEnd::Destroyed, none),
            (old, TurnEnd::DataKept, (Some("old"), None)),
            (differ, TurnEnd::Partial, differ),
            (differ, TurnEnd::KnownGood("new"), new),
        ];
        for (before, ended, after) in table {
            let (applied, known_good) = before;
            let before =
                Baseline { applied: text(applied), known_good: text(known_good), ..Baseline::default() };
            let found = before.clone().after(ended, Course::Forward);
            assert_eq!(
                (found.applied, found.known_good),
                (text(after.0), text(after.1)),
                "{before:?} {ended:?}"
            );
        }
    }

    #[test]
    fn what_was_known_good_before_and_the_goal_of_a_rollback_are_recorded() {
        use Course::{Back, Forward, Same};
        use TurnEnd::{Complete, Destroyed, KnownGood, Partial};
        let good = |one: &str| Some(Previous::Configuration(one.to_owned()));
        // The turns of one component. After each: applied, known good, previous, goal.
        let mut baseline = Baseline::nothing();
        let mut turn = |ended: TurnEnd<'_>, course, applied, known_good, previous, back| {
            baseline = baseline.clone().after(ended, course);
            let expected =
                Baseline { applied: text(applied), known_good: text(known_good), previous, back: text(back) };
            assert_eq!(baseline, expected, "{ended:?} {course:?}");
        };
        let (v1, v2, v3) = (Some("v1"), Some("v2"), Some("v3"));
        turn(KnownGood("v1"), Forward, v1, v1, Some(Previous::Nothing), None);
        turn(KnownGood("v2"), Forward, v2, v2, good("v1"), None);
        turn(Partial, Forward, v2, v2, good("v1"), None);
        turn(Partial, Back("v1"), v2, v2, good("v1"), v1);
        turn(KnownGood("v1"), Back("v1"), v1, v1, None, v1);
        turn(KnownGood("v1"), Forward, v1, v1, None, v1);
        turn(Partial, Forward, v1, v1, None, v1);
        // The same resources under another digest, for example with a newer terraform.
        turn(KnownGood("v1b"), Same, Some("v1b"), Some("v1b"), None, Some("v1b"));
        turn(Complete("v3"), Forward, v3, Some("v1b"), None, None);
        turn(KnownGood("v3"), Same, v3, v3, good("v1b"), None);
        turn(KnownGood("v3b"), Same, Some("v3b"), Some("v3b"), good("v1b"), None);
        turn(Complete("v3c"), Same, Some("v3c"), Some("v3c"), good("v1b"), None);
        turn(Destroyed, Forward, None, None, Some(Previous::Nothing), None);
    }
}
