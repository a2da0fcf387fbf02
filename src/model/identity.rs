//! The user who makes a call, and how that is known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A user. An empty name means that nobody noted it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    pub name: String,
    pub authentication: Authentication,
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

    /// Whether both names may be of one person. Directories such as LDAP ignore case and spaces.
    pub fn may_be(&self, other: &Self) -> bool {
        let plain = |name: &str| -> String {
            name.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect()
        };
        plain(&self.name) == plain(&other.name)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, authentication } = self;
        let name = if name.is_empty() { "an unknown user" } else { name };
        match authentication {
            Authentication::Salt | Authentication::Job => write!(f, "{name} (authenticated by Salt)"),
            Authentication::System => write!(f, "os:{name} (not authenticated)"),
            Authentication::Unknown => write!(f, "{name} (not authenticated)"),
        }
    }
}
