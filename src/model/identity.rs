//! The user who makes a call, and how that is known.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A user. An empty name means that nobody noted it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    pub name: String,
    pub authentication: Authentication,
    /// The person who became this user of the system, as sudo tells. It proves nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sudo: String,
    /// The numbers of the accounts that the system of this host has for these names. Empty: it has none, or nobody
    /// asked it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<u32>,
}

/// How the name of a user is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", from = "String")]
pub enum Authentication {
    /// Nothing confirms the name: it is that of a program, or anybody may give it.
    #[default]
    Unknown,
    /// The system says who runs this process, on the host that keeps the plans.
    System,
    /// The master authenticated the user, and called a runner for this user.
    Salt,
    /// The master sent a job of this user to a minion. The minion cannot tell the master's own user from others.
    Job,
}

impl From<String> for Authentication {
    /// A word of another version confirms nothing.
    fn from(word: String) -> Self {
        match word.as_str() {
            "system" => Self::System,
            "salt" => Self::Salt,
            "job" => Self::Job,
            _ => Self::Unknown,
        }
    }
}

impl Identity {
    pub fn is_absent(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether both may be one person: by their names, or by the accounts that the system has for the names. If it does
    /// not know both, the domain of a name does not count: `alice`, `alice@corp` and `CORP\alice` may be one account.
    /// A directory may also take other letters for the same, such as `á` for `a`.
    pub fn may_be(&self, other: &Self) -> bool {
        let have = |same: fn(&str, &str) -> bool| {
            self.names().any(|mine| other.names().any(|theirs| same(&plain(mine), &plain(theirs))))
        };
        have(|mine, theirs| mine == theirs)
            || !self.accounts.is_disjoint(&other.accounts)
            || !self.accounts_tell(other)
                && have(|mine, theirs| !mine.is_ascii() || !theirs.is_ascii() || local(mine) == local(theirs))
    }

    /// Whether the system knows the accounts of both, and not only their names.
    pub fn accounts_tell(&self, other: &Self) -> bool {
        !self.accounts.is_empty() && !other.accounts.is_empty()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        [&self.name, &self.sudo].into_iter().map(String::as_str).filter(|name| !name.is_empty())
    }
}

/// Directories such as LDAP ignore case and spaces.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The name without its domain.
fn local(name: &str) -> &str {
    let after = name.rsplit_once('\\').map_or(name, |(_, after)| after);
    after.split_once('@').map_or(after, |(before, _)| before)
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, authentication, .. } = self;
        let name = if name.is_empty() { "an unknown user" } else { name };
        match authentication {
            Authentication::Salt | Authentication::Job => write!(f, "{name} (authenticated by Salt)"),
            Authentication::System => write!(f, "os:{name} (not authenticated)"),
            Authentication::Unknown => write!(f, "{name} (not authenticated)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_with_several_names_is_recognised_by_the_account_or_by_the_name() {
        let one = |name: &str, sudo: &str, accounts: &[u32]| Identity {
            name: name.to_owned(),
            sudo: sudo.to_owned(),
            accounts: accounts.iter().copied().collect(),
            ..Identity::default()
        };
        #[rustfmt::skip]
        let table = [
            (one("alice", "", &[]), one("ALICE ", "", &[]), true),
            (one("alice", "", &[]), one("bob", "", &[]), false),
            // The system knows both: only the account counts.
            (one("alice", "", &[1000]), one("alice@corp", "", &[1000]), true),
            (one("alice", "", &[1000]), one("al", "", &[1000]), true),
            (one("alice", "", &[1000]), one("alice@corp", "", &[2000]), false),
            // It does not know one of them: the domain does not count.
            (one("alice", "", &[1000]), one("alice@corp", "", &[]), true),
            (one("alice", "", &[]), one("CORP\\alice", "", &[]), true),
            (one("alice@a", "", &[]), one("alice@b", "", &[]), true),
            (one("alice", "", &[1000]), one("bob@corp", "", &[]), false),
            (one("alice", "", &[]), one("\u{e1}lice", "", &[]), true),
            (one("alice", "", &[1000]), one("\u{e1}lice", "", &[2000]), false),
            // The word of sudo counts against somebody, never for.
            (one("root", "alice", &[0, 1000]), one("alice", "", &[]), true),
            (one("root", "alice", &[0, 1000]), one("alice@corp", "", &[1000]), true),
            (one("root", "bob", &[0]), one("alice", "", &[]), false),
        ];
        for (first, second, expected) in table {
            assert_eq!(first.may_be(&second), expected, "{first:?} {second:?}");
            assert_eq!(second.may_be(&first), expected, "{second:?} {first:?}");
        }
    }
}
