//! Why a value cannot be converted, and at which place inside it.

use std::fmt;

use super::value::Typed;

#[derive(Debug)]
pub(super) struct Mismatch {
    /// From the outermost to the innermost step; each is `.name` or `[0]`.
    place: Vec<String>,
    reason: String,
}

impl Mismatch {
    pub fn new(reason: impl Into<String>) -> Self {
        Self { place: Vec::new(), reason: reason.into() }
    }

    pub fn needed(what: &str, given: &Typed) -> Self {
        Self::new(format!("must be {what}, not {}", given.noun()))
    }

    pub fn below(mut self, step: String) -> Self {
        self.place.insert(0, step);
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.place {
            f.write_str(step)?;
        }
        if !self.place.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.reason)
    }
}

pub(super) fn index(place: usize) -> String {
    format!("[{place}]")
}

pub(super) fn key(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    match !name.is_empty() && name.chars().all(plain) {
        true => format!(".{name}"),
        false => format!("[\"{}\"]", name.escape_debug()),
    }
}
