//! Reads only the needed parts of a Python pillar, because the conversion of a whole pillar takes longer than most
//! answers.

use std::cell::Cell;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use serde_json::Value;

use super::convert;
use crate::model::PillarPath;
use crate::operation::Pillar;

pub struct PyPillar<'a, 'py> {
    infrastructure: &'a Bound<'py, PyAny>,
    /// A part that was read is not JSON. The result of the call is then not used.
    unsound: Cell<bool>,
}

impl<'a, 'py> PyPillar<'a, 'py> {
    pub fn new(infrastructure: &'a Bound<'py, PyAny>) -> Self {
        Self { infrastructure, unsound: Cell::new(false) }
    }

    pub fn is_sound(&self) -> bool {
        !self.unsound.get()
    }

    fn at(&self, keys: &[&str]) -> Option<Bound<'py, PyAny>> {
        keys.iter().try_fold(self.infrastructure.clone(), |value, key| match value.cast::<PyDict>() {
            Ok(dict) => dict.get_item(key).ok().flatten(),
            Err(_) => value.get_item(key).ok(),
        })
    }
}

impl Pillar for PyPillar<'_, '_> {
    fn has(&self, keys: &[&str]) -> bool {
        self.at(keys).is_some()
    }

    fn part(&self, keys: &[&str]) -> Value {
        let mut problems = Vec::new();
        let value = self.at(keys).map(|value| convert::read(&value, PillarPath::root(), &mut problems));
        self.unsound.set(self.unsound.get() || !problems.is_empty());
        value.unwrap_or_default()
    }

    fn keys(&self, keys: &[&str]) -> Option<Vec<String>> {
        let mapping = self.at(keys)?;
        let keys = mapping.cast::<PyMapping>().ok()?.keys().ok()?;
        Some(keys.iter().filter_map(|key| key.extract().ok()).collect())
    }
}
