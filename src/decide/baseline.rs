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
            TurnEnd::Destroyed => !aside,
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
    /// The state may contain a part of the configuration.
    Partial,
}

impl Baseline {
    pub fn after(self, ended: TurnEnd<'_>) -> Self {
        match ended {
            TurnEnd::Complete(configuration) => Self { applied: Some(configuration.to_owned()), ..self },
            TurnEnd::KnownGood(configuration) => {
                let good = Some(configuration.to_owned());
                Self { applied: good.clone(), known_good: good }
            }
            TurnEnd::Destroyed => Self::default(),
            TurnEnd::Partial => self,
        }
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
            (differ, TurnEnd::Partial, differ),
            (differ, TurnEnd::KnownGood("new"), new),
        ];
        let standing = |(applied, known_good): (Option<&str>, Option<&str>)| Baseline {
            applied: applied.map(str::to_owned),
            known_good: known_good.map(str::to_owned),
        };
        for (before, ended, after) in table {
            assert_eq!(standing(before).after(ended), standing(after), "{before:?} {ended:?}");
        }
    }
}
