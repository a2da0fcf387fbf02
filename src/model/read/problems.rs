//! Collects the problems of a pillar while it is read.

use std::cell::RefCell;

use crate::model::{PillarPath, Problem};
use crate::words::Words;

/// All problems so far.
#[derive(Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub fn add(&self, path: &PillarPath, message: impl Into<Words>) {
        self.0.borrow_mut().push(Problem::new(path, message));
    }

    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }

    pub fn into_inner(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}
