//! Which configurations a component is remembered by, once a run of it has ended.

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
