//! JSON as a part of a job.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde_json::Value;

/// JSON that Eos does not interpret.
#[derive(Clone, Debug)]
pub struct Opaque(pub Value);

impl Opaque {
    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl PartialEq for Opaque {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Opaque {}

impl PartialOrd for Opaque {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Opaque {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(&other.text())
    }
}

impl Hash for Opaque {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}
