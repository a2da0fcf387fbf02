//! Which configurations a component is remembered by, once a run of it has ended.

use serde::{Deserialize, Serialize};

/// A version whose deployment Nomad has given up: it waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedVersion {
    /// Digest of what it is made from: the module, its inputs, the component's entry in the pillar.
    pub version: String,
    /// Digest of its configuration.
    pub configuration: String,
    pub run_id: String,
    /// RFC 3339, UTC.
    pub since: String,
    /// Nomad's reason, in a line.
    pub said: String,
}

impl FailedVersion {
    /// For people, without what to do.
    pub fn words(&self) -> String {
        let Self { run_id, since, said, .. } = self;
        format!(
            "failed version, waits for a person: it was registered by run {run_id} ({since}), and failed: {said}"
        )
    }

    /// What is remembered of it once a turn has ended; `version` is what that turn was made from. `aside`: it was part of a
    /// rollback or put drift right, so that the pillar may still ask for the version that failed.
    pub fn after(self, version: &str, aside: bool, ended: Ended<'_>) -> Option<Self> {
        let is_over = match ended {
            Ended::Destroyed => !aside,
            Ended::Good(_) => !aside || self.version == version,
            Ended::Whole(_) | Ended::Partly => !aside && self.version != version,
        };
        (!is_over).then_some(self)
    }
}

/// Digests of configurations, where there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What the state was last applied with in full.
    pub applied: Option<String>,
    /// What is known to work: where a rollback goes.
    pub known_good: Option<String>,
}

/// How a run of a component ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<'a> {
    /// All of this configuration is in the state: its apply ended with 0, or its plan found nothing to do.
    Whole(&'a str),
    /// It also has shown what else it had to show, such as its health: it may be gone back to.
    Good(&'a str),
    /// Nothing is left of it.
    Destroyed,
    /// Something of it may be in the state.
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
    fn a_failed_version_is_remembered_until_it_works_or_the_pillar_asks_for_another() {
        let failed = FailedVersion {
            version: "bad".to_owned(),
            configuration: "c".to_owned(),
            run_id: "r".to_owned(),
            since: "s".to_owned(),
            said: "no such luck".to_owned(),
        };
        // What the turn was made from, whether it was beside the pillar, how it ended, whether that is remembered.
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
    fn only_what_was_applied_in_full_is_remembered_and_only_what_was_proved_is_gone_back_to() {
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
