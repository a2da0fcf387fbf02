//! What is wrong with a pillar, gathered while it is read.

use std::cell::RefCell;

use crate::model::{PillarPath, Problem};

/// Everything that is wrong, gathered.
#[derive(Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub fn add(&self, path: &PillarPath, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem::new(path, message));
    }

    pub fn into_inner(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}
