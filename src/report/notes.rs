//! Notes about a component for the reader, one sentence each.

use std::ops::{Deref, DerefMut};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::words::Words;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes(Vec<Words>);

/// Two keys of the report of a component: `notes`, and the `commands` in them. Neither is there if it is empty.
impl Serialize for Notes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let commands: Vec<_> = self.0.iter().flat_map(Words::commands).collect();
        let mut map = serializer.serialize_map(None)?;
        if !self.is_empty() {
            map.serialize_entry("notes", &self.0)?;
        }
        if !commands.is_empty() {
            map.serialize_entry("commands", &commands)?;
        }
        map.end()
    }
}

impl Notes {
    pub fn push(&mut self, note: impl Into<Words>) {
        self.0.push(note.into());
    }

    pub fn put_first(&mut self, note: impl Into<Words>) {
        self.0.insert(0, note.into());
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Into<Words>> Extend<T> for Notes {
    fn extend<I: IntoIterator<Item = T>>(&mut self, notes: I) {
        self.0.extend(notes.into_iter().map(Into::into));
    }
}

impl<T: Into<Words>> From<Vec<T>> for Notes {
    fn from(notes: Vec<T>) -> Self {
        Self(notes.into_iter().map(Into::into).collect())
    }
}

impl IntoIterator for Notes {
    type Item = Words;
    type IntoIter = std::vec::IntoIter<Words>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Deref for Notes {
    type Target = [Words];

    fn deref(&self) -> &[Words] {
        &self.0
    }
}

impl DerefMut for Notes {
    fn deref_mut(&mut self) -> &mut [Words] {
        &mut self.0
    }
}
