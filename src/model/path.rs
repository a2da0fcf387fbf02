//! The path of a value in the pillar, in Salt's notation.

use std::fmt;

use serde::Serialize;

use crate::command_line;
use crate::words::Words;

const ARGUMENTS: &str = "arguments";

/// `infrastructure:components:boundary`. The items of a list are numbered from 0. An argument of the call is displayed as
/// its caller writes it: `arguments:snapshot_id` or `arguments:--snapshot`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PillarPath(Vec<String>);

impl PillarPath {
    /// `infrastructure`: the key that contains everything about Eos.
    pub fn root() -> Self {
        Self(vec!["infrastructure".to_owned()])
    }

    /// The root of the call's own arguments.
    pub fn arguments() -> Self {
        Self(vec![ARGUMENTS.to_owned()])
    }

    /// Whether this is a place in the call instead of the pillar.
    pub fn is_argument(&self) -> bool {
        self.0.first().is_some_and(|first| first == ARGUMENTS)
    }

    /// Whether this is the given path, or a path below it.
    pub fn is_below(&self, above: &Self) -> bool {
        self.0.starts_with(&above.0)
    }

    /// The keys and indices, from `infrastructure` on.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    pub fn child(&self, key: impl fmt::Display) -> Self {
        let mut parts = self.0.clone();
        parts.push(key.to_string());
        Self(parts)
    }
}

impl fmt::Display for PillarPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[..] {
            [_, argument, below @ ..] if self.is_argument() => {
                let shown = [&[ARGUMENTS.to_owned(), command_line::argument(argument)], below].concat();
                f.write_str(&shown.join(":"))
            }
            parts => f.write_str(&parts.join(":")),
        }
    }
}

impl Serialize for PillarPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One problem of the pillar, or of something that the pillar names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    pub path: PillarPath,
    /// What is wrong, and what would be right. Never a secret value.
    pub message: Words,
}

impl Problem {
    pub fn new(path: &PillarPath, message: impl Into<Words>) -> Self {
        Self { path: path.clone(), message: message.into() }
    }
}
