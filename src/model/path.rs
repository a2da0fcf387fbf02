//! Where in the pillar something stands, as Salt writes it.

use std::fmt;

use serde::Serialize;

/// `infrastructure:components:boundary`; a list's items are numbered from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PillarPath(Vec<String>);

impl PillarPath {
    /// `infrastructure`, where everything of ours begins.
    pub fn root() -> Self {
        Self(vec!["infrastructure".to_owned()])
    }

    /// Where a call's own arguments stand.
    pub fn arguments() -> Self {
        Self(vec!["arguments".to_owned()])
    }

    /// Whether this is a place in the call, not in the pillar.
    pub fn is_argument(&self) -> bool {
        self.0.first().is_some_and(|first| first == "arguments")
    }

    pub fn child(&self, key: impl fmt::Display) -> Self {
        let mut parts = self.0.clone();
        parts.push(key.to_string());
        Self(parts)
    }
}

impl fmt::Display for PillarPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(":"))
    }
}

impl Serialize for PillarPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is wrong with the pillar or with what it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    pub path: PillarPath,
    /// What is wrong and what would be right; never a secret value.
    pub message: String,
}

impl Problem {
    pub fn new(path: &PillarPath, message: impl Into<String>) -> Self {
        Self { path: path.clone(), message: message.into() }
    }
}
