//! Names become paths, keys and schemas. Therefore one strict pattern applies to all of them, and is checked here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of an environment or a component: `[a-z][a-z0-9_-]*`, at most 63 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// The limit in bytes of PostgreSQL schemas and Nomad names. An environment and its component share it.
pub const LONGEST: usize = 63;

impl Name {
    /// The reason of an error is written to follow the quoted name in a message.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("has {} bytes; a name has at most {LONGEST}", text.len()));
        }
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if first && rest {
            Ok(Self(text.to_owned()))
        } else {
            Err("is not a name: a name is a lower-case letter, then lower-case letters, digits, '_' or '-'"
                .to_owned())
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).map_err(|reason| format!("{text:?} {reason}"))
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<std::path::Path> for Name {
    fn as_ref(&self) -> &std::path::Path {
        self.0.as_ref()
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}
