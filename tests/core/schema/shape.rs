//! What the reader accepts at one place of the pillar.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Every value.
    pub any: bool,
    pub null: bool,
    pub booleans: BTreeSet<bool>,
    pub integers: Option<Integers>,
    pub fractions: bool,
    /// Texts without a list of all of them.
    pub text: bool,
    /// The only texts, unless `text` holds.
    pub words: BTreeSet<String>,
    pub list: Option<List>,
    pub mapping: Option<Mapping>,
    /// The values of examples that were already asked about. All mappings count as one value, and so do all lists.
    pub asked: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integers {
    /// None: no limit.
    pub least: Option<i64>,
    pub most: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub struct List {
    pub may_be_empty: bool,
    /// Whether a single value counts as a list of one. Then the items are what is accepted in place of the list.
    pub or_single: bool,
    /// None: only the empty list is accepted, or `or_single` holds.
    pub items: Option<Box<Shape>>,
}

#[derive(Clone, Debug, Default)]
pub struct Mapping {
    pub keys: BTreeMap<String, Shape>,
    /// The values of keys that the user chooses.
    pub entries: Option<Box<Shape>>,
    /// Whether exactly one of the keys may be set.
    pub is_one_of: bool,
    /// The keys that are required in every example. None: no example was seen, or levels merge.
    pub required: Option<BTreeSet<String>>,
}

impl Shape {
    /// Whether an example has this place. That null is accepted shows nothing.
    fn is_seen(&self) -> bool {
        let Self { any, booleans, integers, fractions, text, words, list, mapping, null: _, asked: _ } = self;
        *any || !booleans.is_empty()
            || integers.is_some()
            || *fractions
            || *text
            || !words.is_empty()
            || list.is_some()
            || mapping.is_some()
    }

    /// The shape at a path below this place. `*` is a key that the user chooses.
    pub fn at(&mut self, path: &[String]) -> &mut Self {
        path.iter().fold(self, |shape, step| {
            let mapping = shape.mapping.as_mut().unwrap();
            match step.as_str() {
                "*" => mapping.entries.as_mut().unwrap(),
                key => mapping.keys.get_mut(key).unwrap(),
            }
        })
    }

    /// Gives each key without an example the shape of the key with the same name at another place.
    pub fn complete(&mut self, other: &Self) {
        let (Some(mapping), Some(other)) = (&mut self.mapping, &other.mapping) else { return };
        for (key, shape) in &mut mapping.keys {
            if let (false, Some(other)) = (shape.is_seen(), other.keys.get(key)) {
                *shape = other.clone();
            }
        }
    }

    /// The keys, below this place, of which no example was seen.
    pub fn unknown(&self, path: &str) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(items) = self.list.as_ref().and_then(|list| list.items.as_ref()) {
            found.extend(items.unknown(&format!("{path}[]")));
        }
        if let Some(mapping) = &self.mapping {
            for (key, shape) in &mapping.keys {
                let path = format!("{path}:{key}");
                found.extend(if shape.is_seen() { shape.unknown(&path) } else { vec![path] });
            }
            if let Some(entries) = &mapping.entries {
                found.extend(entries.unknown(&format!("{path}:*")));
            }
        }
        found
    }

    /// What is accepted as the single item of a list.
    pub fn without_lists(&self) -> Self {
        Self { null: false, list: None, ..self.clone() }
    }
}
