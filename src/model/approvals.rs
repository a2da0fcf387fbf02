//! Whose approvals count.

use std::collections::BTreeSet;

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
