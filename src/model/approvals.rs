//! Whose approvals count.

use std::collections::BTreeSet;
use std::fmt;

/// `settings:approvals`. Without it, an approval of anybody counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRules {
    /// None: every user who is known well enough.
    pub from: Option<BTreeSet<Approver>>,
    /// Whether the user who made a plan may not approve it.
    pub other_than_author: bool,
    /// Whether a user of the system counts who calls on the host that keeps the plans.
    pub local: bool,
}

impl ApprovalRules {
    /// Who has to approve. It is written to follow `needs an approval by`.
    pub fn who(&self) -> String {
        let named = self.from.iter().flatten().map(Approver::to_string).collect::<Vec<_>>().join(" or ");
        let who = match (named.is_empty(), self.local) {
            (false, _) => named,
            (true, false) => "a user whom Salt authenticated".to_owned(),
            (true, true) => {
                "a user whom Salt authenticated, or a user of the system on the master".to_owned()
            }
        };
        match self.other_than_author {
            true => format!("{who}, but not by the user who made the plan"),
            false => who,
        }
    }

    /// Whether somebody may approve as the member of a group.
    pub fn name_a_group(&self) -> bool {
        self.from.iter().flatten().any(|one| matches!(one, Approver::Group(_)))
    }
}

/// An entry of `approvals:from`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approver {
    User(String),
    /// `group:NAME`
    Group(String),
    /// `os:NAME`: a user of the system, and nobody whom Salt authenticated.
    SystemUser(String),
}

impl Approver {
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name): (fn(String) -> Self, _) = match text.split_once(':') {
            Some(("group", name)) => (Self::Group, name),
            Some(("os", name)) => (Self::SystemUser, name),
            _ => (Self::User, text),
        };
        let is_name = !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control);
        is_name.then(|| kind(name.to_owned()))
    }
}

/// As the pillar writes it.
impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => f.write_str(name),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::SystemUser(name) => write!(f, "os:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_say_in_words_who_has_to_approve() {
        let rules = |from: &[&str], other_than_author, local| ApprovalRules {
            from: Some(from.iter().map(|one| Approver::parse(one).unwrap()).collect())
                .filter(|from: &BTreeSet<_>| !from.is_empty()),
            other_than_author,
            local,
        };
        let table = [
            (rules(&["carol", "group:ops", "os:root"], false, true), "carol or group:ops or os:root"),
            (rules(&["carol"], true, false), "carol, but not by the user who made the plan"),
            (rules(&[], false, false), "a user whom Salt authenticated"),
            (
                rules(&[], false, true),
                "a user whom Salt authenticated, or a user of the system on the master",
            ),
        ];
        for (rules, said) in table {
            assert_eq!(rules.who(), said, "{rules:?}");
        }
    }
}
