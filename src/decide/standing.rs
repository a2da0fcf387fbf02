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
    pub fn after(self, version: &str, aside: bool, ended: Ended<'_>) -> Option<Self> {
        let is_over = match ended {
            Ended::Destroyed => !aside,
            Ended::Good(_) => !aside || self.version == version,
            Ended::Whole(_) | Ended::Partly => !aside && self.version != version,
        };
        (!is_over).then_some(self)
    }
}

/// Digests of configurations, if there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last configuration that was applied completely.
    pub applied: Option<String>,
    /// The known-good configuration. A rollback returns to it.
    pub known_good: Option<String>,
}

/// How a turn of a component ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<'a> {
    /// The whole configuration is in the state: its apply exited with 0, or its plan found nothing to do.
    Whole(&'a str),
    /// In addition, all other checks passed, such as the health gates. A rollback may return to it.
    Good(&'a str),
    /// Nothing of the component remains.
    Destroyed,
    /// The state may contain a part of the configuration.
    Partly,
}

impl Standing {
    pub fn after(self, ended: Ended<'_>) -> Self {
        match ended {
            Ended::Whole(configuration) => Self { applied: Some(configuration.to_owned()), ..self },
            Ended::Good(configuration) => {
                let good = Some(configuration.to_owned());
                Self { applied: good.clone(), known_good: good }
            }
            Ended::Destroyed => Self::default(),
            Ended::Partly => self,
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
            ("bad", false, Ended::Whole("x"), true),
            ("bad", false, Ended::Partly, true),
            ("bad", false, Ended::Good("x"), false),
            ("bad", false, Ended::Destroyed, false),
            ("other", false, Ended::Whole("x"), false),
            ("other", false, Ended::Partly, false),
            ("other", false, Ended::Good("x"), false),
            ("other", true, Ended::Whole("x"), true),
            ("other", true, Ended::Partly, true),
            ("other", true, Ended::Good("x"), true),
            ("bad", true, Ended::Good("x"), false),
            ("bad", true, Ended::Destroyed, true),
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
            (none, Ended::Good("new"), new),
            (none, Ended::Whole("new"), (Some("new"), None)),
            (none, Ended::Partly, none),
            (none, Ended::Destroyed, none),
            (old, Ended::Good("new"), new),
            (old, Ended::Whole("new"), (Some("new"), Some("old"))),
            (old, Ended::Partly, old),
            (old, Ended::Destroyed, none),
            (differ, Ended::Partly, differ),
            (differ, Ended::Good("new"), new),
        ];
        let standing = |(applied, known_good): (Option<&str>, Option<&str>)| Standing {
            applied: applied.map(str::to_owned),
            known_good: known_good.map(str::to_owned),
        };
        for (before, ended, after) in table {
            assert_eq!(standing(before).after(ended), standing(after), "{before:?} {ended:?}");
        }
    }
}
