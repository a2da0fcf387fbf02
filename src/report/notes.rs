//! Notes about a component for the reader, one sentence each.

use std::ops::{Deref, DerefMut};

use serde::Serialize;

use crate::words::Words;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Notes(Vec<Words>);

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
