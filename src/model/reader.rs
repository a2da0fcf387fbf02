//! Reads mappings key by key and never stops at the first problem.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::nearest::hint;
use super::tree::{Kind, Tree};
use super::{PillarPath, Problem};

/// Everything that is wrong, gathered.
#[derive(Default)]
pub struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub fn add(&self, path: &PillarPath, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem::new(path, message));
    }

    pub fn into_inner(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// A mapping of ours; what is not asked for by the end is unknown.
pub struct Fields<'a> {
    pub path: PillarPath,
    fields: BTreeMap<String, Tree>,
    known: Vec<&'static str>,
    pub problems: &'a Problems,
}

impl<'a> Fields<'a> {
    /// Null is an empty mapping, as YAML writes one.
    pub fn open(tree: Tree, problems: &'a Problems) -> Self {
        Self { path: tree.path.clone(), fields: entries(tree, problems), known: Vec::new(), problems }
    }

    /// Where a key stands, if it is there and not taken yet.
    pub fn place(&self, key: &str) -> Option<PillarPath> {
        self.fields.get(key).map(|tree| tree.path.clone())
    }

    /// The value as it stands; null is absent.
    pub fn take(&mut self, key: &'static str) -> Option<Tree> {
        self.known.push(key);
        self.fields.remove(key).filter(|tree| !tree.is_null())
    }

    pub fn take_or_empty(&mut self, key: &'static str) -> Tree {
        let path = self.path.child(key);
        self.take(key).unwrap_or_else(|| Tree::empty(path))
    }

    /// Reads one value, or notes why it cannot be read.
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

    pub fn close(self) {
        for (key, tree) in &self.fields {
            self.problems.add(&tree.path, format!("unknown key; {}", hint(key, self.known.iter().copied())));
        }
    }
}

/// The entries of a mapping; null is an empty one.
pub fn entries(tree: Tree, problems: &Problems) -> BTreeMap<String, Tree> {
    match tree.kind {
        Kind::Map(map) => map,
        Kind::Leaf(Value::Null) => BTreeMap::new(),
        _ => {
            problems.add(&tree.path, "must be a mapping");
            BTreeMap::new()
        }
    }
}

pub fn text(tree: &Tree) -> Result<String, String> {
    tree.text().map(str::to_owned).ok_or_else(|| "must be a text".to_owned())
}

pub fn flag(tree: &Tree) -> Result<bool, String> {
    match tree.kind {
        Kind::Leaf(Value::Bool(flag)) => Ok(flag),
        _ => Err("must be true or false".to_owned()),
    }
}

pub fn count(tree: &Tree) -> Result<u64, String> {
    match &tree.kind {
        Kind::Leaf(Value::Number(number)) => number.as_u64(),
        _ => None,
    }
    .ok_or_else(|| "must be a whole number, not negative".to_owned())
}

pub fn positive(tree: &Tree) -> Result<std::num::NonZeroUsize, String> {
    let number = count(tree).ok().and_then(|number| std::num::NonZeroUsize::new(number as usize));
    number.ok_or_else(|| "must be a whole number from 1".to_owned())
}

/// A clock that is asked for a later moment may overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Seconds, or a text such as `500ms`, `5m`, `1h30m`; at most a year.
pub fn duration(tree: &Tree) -> Result<Duration, String> {
    let read = match &tree.kind {
        Kind::Leaf(Value::Number(number)) => number.as_u64().map(Duration::from_secs),
        Kind::Leaf(Value::String(text)) => humantime::parse_duration(text).ok(),
        _ => None,
    };
    match read {
        Some(long) if long > LONGEST => Err("must be at most a year".to_owned()),
        Some(duration) => Ok(duration),
        None => Err("must be a duration: seconds, or such as \"500ms\", \"5m\", \"1h30m\"".to_owned()),
    }
}

/// A duration that leaves some time.
pub fn limit(tree: &Tree) -> Result<Duration, String> {
    match duration(tree)? {
        Duration::ZERO => Err("must be more than no time at all".to_owned()),
        some => Ok(some),
    }
}

/// A list of texts; one text stands for a list of one.
pub fn texts(tree: &Tree) -> Result<Vec<String>, String> {
    match &tree.kind {
        Kind::List(items) => {
            items.iter().map(text).collect::<Result<_, _>>().map_err(|_| "must be a list of texts".to_owned())
        }
        _ => text(tree).map(|one| vec![one]).map_err(|_| "must be a list of texts".to_owned()),
    }
}
