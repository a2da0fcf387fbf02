//! A pillar in which every value keeps its path, even after levels were merged.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::PillarPath;

#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub path: PillarPath,
    pub kind: TreeKind,
}

#[derive(Clone, Debug)]
pub(super) enum TreeKind {
    /// A value that is neither a list nor a mapping.
    Leaf(Value),
    List(Vec<Tree>),
    Map(BTreeMap<String, Tree>),
}

impl Tree {
    pub fn new(value: &Value, path: PillarPath) -> Self {
        let kind = match value {
            Value::Array(items) => TreeKind::List(
                items.iter().enumerate().map(|(index, item)| Self::new(item, path.child(index))).collect(),
            ),
            Value::Object(map) => TreeKind::Map(
                map.iter().map(|(key, value)| (key.clone(), Self::new(value, path.child(key)))).collect(),
            ),
            leaf => TreeKind::Leaf(leaf.clone()),
        };
        Self { path, kind }
    }

    pub fn empty(path: PillarPath) -> Self {
        Self { path, kind: TreeKind::Map(BTreeMap::new()) }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind, TreeKind::Leaf(Value::Null))
    }

    /// Whether this is null, an empty list or an empty mapping.
    pub fn is_empty(&self) -> bool {
        match &self.kind {
            TreeKind::Leaf(value) => value.is_null(),
            TreeKind::List(items) => items.is_empty(),
            TreeKind::Map(map) => map.is_empty(),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            TreeKind::Leaf(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            TreeKind::Map(map) => map.get(key),
            _ => None,
        }
    }

    pub fn to_value(&self) -> Value {
        match &self.kind {
            TreeKind::Leaf(value) => value.clone(),
            TreeKind::List(items) => items.iter().map(Self::to_value).collect(),
            TreeKind::Map(map) => map.iter().map(|(key, value)| (key.clone(), value.to_value())).collect(),
        }
    }
}
