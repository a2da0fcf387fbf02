//! Decides whether an approval counts: from whom it is, how that is known, and who made the plan.

use std::collections::BTreeSet;

use crate::model::{ApprovalRules, Approver, Authentication, Identity};

/// Why an approval does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApproverFault {
    /// Nothing confirms the name, or nothing that the rules accept.
    NotAuthenticated,
    /// `approvals:from` does not name the user.
    NotNamed,
    /// The user made the plan.
    Author,
    /// Nobody knows who made the plan, so it may have been the same person.
    UnknownAuthor,
}

/// `groups`: those of the user. `author`: who made the plan.
pub fn approver_fault(
    rules: Option<&ApprovalRules>,
    by: &Identity,
    groups: &BTreeSet<String>,
    author: &Identity,
) -> Option<ApproverFault> {
    let rules = rules?;
    if !is_known(rules, by) {
        return Some(ApproverFault::NotAuthenticated);
    }
    if !is_named(rules, by, groups) {
        return Some(ApproverFault::NotNamed);
    }
    match rules.other_than_author {
        true if author.may_be(by) => Some(ApproverFault::Author),
        true if !is_known(rules, author) => Some(ApproverFault::UnknownAuthor),
        _ => None,
    }
}

fn is_known(rules: &ApprovalRules, user: &Identity) -> bool {
    !user.is_absent()
        && match user.authentication {
            Authentication::Salt | Authentication::Job => true,
            Authentication::System => rules.local,
            Authentication::Unknown => false,
        }
}

fn is_named(rules: &ApprovalRules, by: &Identity, groups: &BTreeSet<String>) -> bool {
    let is_job = by.authentication == Authentication::Job;
    // A minion takes the master's own user for an authenticated one, and knows other groups than the master. Only a
    // name in the pillar says that the user may approve.
    let Some(from) = &rules.from else { return !is_job };
    from.iter().any(|one| match one {
        Approver::User(name) => *name == by.name,
        Approver::Group(name) => !is_job && groups.contains(name),
        Approver::SystemUser(name) => by.authentication == Authentication::System && *name == by.name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Authentication::{Job, Salt, System, Unknown};

    fn user((name, authentication): (&str, Authentication)) -> Identity {
        Identity { name: name.to_owned(), authentication, ..Identity::default() }
    }

    fn rules(from: &[&str], other_than_author: bool, local: bool) -> ApprovalRules {
        let from: BTreeSet<_> = from.iter().map(|text| Approver::parse(text).unwrap()).collect();
        ApprovalRules { from: (!from.is_empty()).then_some(from), other_than_author, local }
    }

    #[test]
    fn the_table_decides_whose_approval_counts() {
        use ApproverFault::{Author, NotAuthenticated, NotNamed, UnknownAuthor};
        let anybody = rules(&[], false, false);
        let listed = rules(&["alice", "group:ops"], false, false);
        let local = rules(&["alice", "os:root"], false, true);
        let four_eyes = rules(&["alice", "bob", "group:ops"], true, false);
        let local_four_eyes = rules(&[], true, true);
        let (ada, nobody) = (("ada", Salt), ("", Unknown));
        #[rustfmt::skip]
        let table = [
            // rules, who approves, the groups, who made the plan
            (None, ("root", Unknown), "", nobody, None),
            (Some(&anybody), ("alice", Salt), "", nobody, None),
            (Some(&anybody), ("", Salt), "", nobody, Some(NotAuthenticated)),
            (Some(&anybody), ("alice", Unknown), "", nobody, Some(NotAuthenticated)),
            (Some(&anybody), ("root", System), "", nobody, Some(NotAuthenticated)),
            // Without names, a minion cannot tell who is authenticated.
            (Some(&anybody), ("alice", Job), "", nobody, Some(NotNamed)),
            (Some(&listed), ("alice", Salt), "", nobody, None),
            (Some(&listed), ("alice", Job), "", nobody, None),
            (Some(&listed), ("alice", Unknown), "ops", nobody, Some(NotAuthenticated)),
            (Some(&listed), ("Alice", Salt), "", nobody, Some(NotNamed)),
            (Some(&listed), ("bob", Salt), "", nobody, Some(NotNamed)),
            (Some(&listed), ("bob", Salt), "ops", nobody, None),
            (Some(&listed), ("bob", Salt), "dev", nobody, Some(NotNamed)),
            (Some(&listed), ("bob", Job), "ops", nobody, Some(NotNamed)),
            (Some(&listed), ("ops", Salt), "", nobody, Some(NotNamed)),
            (Some(&local), ("root", System), "", nobody, None),
            (Some(&local), ("alice", System), "", nobody, None),
            (Some(&local), ("carol", System), "", nobody, Some(NotNamed)),
            (Some(&local), ("root", Unknown), "", nobody, Some(NotAuthenticated)),
            // A user of a directory who is called root is not the system's root.
            (Some(&local), ("root", Salt), "", nobody, Some(NotNamed)),
            (Some(&four_eyes), ("alice", Salt), "", ada, None),
            (Some(&four_eyes), ("alice", Salt), "", ("alice", Salt), Some(Author)),
            (Some(&four_eyes), ("alice", Salt), "", ("ALICE ", Salt), Some(Author)),
            (Some(&four_eyes), ("alice", Salt), "", ("CORP\\alice", Salt), Some(Author)),
            (Some(&four_eyes), ("alice", Salt), "", ("alice", Unknown), Some(Author)),
            (Some(&four_eyes), ("alice", Salt), "", ("alice", System), Some(Author)),
            (Some(&four_eyes), ("alice", Salt), "", nobody, Some(UnknownAuthor)),
            (Some(&four_eyes), ("alice", Salt), "", ("Reactor", Unknown), Some(UnknownAuthor)),
            (Some(&four_eyes), ("alice", Salt), "", ("root", System), Some(UnknownAuthor)),
            (Some(&local_four_eyes), ("alice", Salt), "", ("root", System), None),
            (Some(&local_four_eyes), ("root", System), "", ("root", System), Some(Author)),
            (Some(&local_four_eyes), ("root", System), "", ada, None),
        ];
        for (rules, by, groups, author, fault) in table {
            let groups = groups.split_whitespace().map(str::to_owned).collect();
            let decided = approver_fault(rules, &user(by), &groups, &user(author));
            assert_eq!(decided, fault, "{rules:?} {by:?} {groups:?} {author:?}");
        }
    }
}
