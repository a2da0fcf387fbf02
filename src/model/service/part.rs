//! A part of Nomad's own job, as the pillar writes it.

use std::collections::BTreeMap;

use super::opaque::Opaque;
use crate::model::PillarPath;

/// A value with its place in the pillar. No text contains NUL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobPart {
    pub path: PillarPath,
    pub kind: PartKind,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// A value that is neither a list nor a mapping.
    Leaf(Opaque),
    List(Vec<JobPart>),
    /// A key that ends in `!` replaces what the job has under this name.
    Map(JobParts),
}

pub type JobParts = BTreeMap<String, JobPart>;

impl JobPart {
    /// Null removes what the job has under this name.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, PartKind::Leaf(Opaque(value)) if value.is_null())
    }

    /// Whether a mapping in it sets this name.
    fn sets(&self, name: &str) -> bool {
        match &self.kind {
            PartKind::Leaf(_) => false,
            PartKind::List(items) => items.iter().any(|item| item.sets(name)),
            PartKind::Map(parts) => sets(parts, name),
        }
    }

    pub fn map(&self) -> Option<&JobParts> {
        match &self.kind {
            PartKind::Map(map) => Some(map),
            _ => None,
        }
    }
}

/// Whether one of these parts sets this name, at any depth.
pub(super) fn sets(parts: &JobParts, name: &str) -> bool {
    parts.iter().any(|(key, part)| (plain(key).0 == name && !part.is_null()) || part.sets(name))
}

/// The name of a key, and whether it replaces.
pub fn plain(key: &str) -> (&str, bool) {
    match key.strip_suffix('!') {
        Some(name) => (name, true),
        None => (key, false),
    }
}
