//! Reads mappings key by key. A problem never ends the reading.

use std::collections::BTreeMap;

use serde_json::Value;

use super::problems::Problems;
use super::tree::{Tree, TreeKind};
use crate::model::{PillarPath, hint};

/// A mapping whose keys Eos defines. At the end, keys that were not read are reported as unknown.
pub(super) struct Fields<'a> {
    pub path: PillarPath,
    fields: BTreeMap<String, Tree>,
    known: Vec<&'static str>,
    pub problems: &'a Problems,
}

impl<'a> Fields<'a> {
    /// Null counts as an empty mapping: YAML writes an empty mapping as null.
    pub fn open(tree: Tree, problems: &'a Problems) -> Self {
        Self { path: tree.path.clone(), fields: entries(tree, problems), known: Vec::new(), problems }
    }

    /// The path of a key, if the key exists and was not taken yet. Null counts as absent.
    pub fn place(&self, key: &str) -> Option<PillarPath> {
        self.fields.get(key).filter(|tree| !tree.is_null()).map(|tree| tree.path.clone())
    }

    /// Takes the value unread. Null counts as absent.
    pub fn take(&mut self, key: &'static str) -> Option<Tree> {
        self.known.push(key);
        self.fields.remove(key).filter(|tree| !tree.is_null())
    }

    pub fn take_or_empty(&mut self, key: &'static str) -> Tree {
        let path = self.path.child(key);
        self.take(key).unwrap_or_else(|| Tree::empty(path))
    }

    /// Reads one value. If it cannot be read, reports the reason.
    pub fn read<T>(&mut self, key: &'static str, read: impl FnOnce(&Tree) -> Result<T, String>) -> Option<T> {
        let tree = self.take(key)?;
        match read(&tree) {
            Ok(value) => Some(value),
            Err(message) => {
                self.problems.add(&tree.path, message);
                None
            }
        }
    }

    /// The same. If the key is missing, that is a problem.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Tree) -> Result<T, String>,
    ) -> Option<T> {
        if self.place(key).is_none() {
            self.problems.add(&self.path.child(key), "is missing");
        }
        self.read(key, read)
    }

    pub fn close(self) {
        for (key, tree) in &self.fields {
            self.problems.add(&tree.path, format!("unknown key; {}", hint(key, self.known.iter().copied())));
        }
    }
}

/// The entries of a mapping. Null counts as an empty mapping.
pub(super) fn entries(tree: Tree, problems: &Problems) -> BTreeMap<String, Tree> {
    match tree.kind {
        TreeKind::Map(map) => map,
        TreeKind::Leaf(Value::Null) => BTreeMap::new(),
        _ => {
            problems.add(&tree.path, "must be a mapping");
            BTreeMap::new()
        }
    }
}

/// A mapping whose keys the user chooses.
pub(super) fn mapping<T>(
    tree: Tree,
    problems: &Problems,
    read: impl Fn(&str, &Tree) -> Result<T, String>,
) -> BTreeMap<String, T> {
    let mut values = BTreeMap::new();
    for (key, tree) in entries(tree, problems) {
        match read(&key, &tree) {
            Ok(value) => drop(values.insert(key, value)),
            Err(message) => problems.add(&tree.path, message),
        }
    }
    values
}
