//! What a call wants of an environment's components, read from its arguments.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::CompletedComponent;
use crate::model::{Name, Overrides, Problem};
use crate::operation::intent::Intent;

/// What a call wants, read from its arguments.
pub struct RunRequest {
    pub operation: &'static str,
    pub environment: Name,
    pub components: Option<BTreeSet<Name>>,
    pub include_dependencies: bool,
    pub overrides: Overrides,
    pub intent: Intent,
    /// The run to go on with.
    pub resumes: Option<ResumedRun>,
    /// Of the arguments.
    pub problems: Vec<Problem>,
}

impl RunRequest {
    /// All components, as the pillar describes them.
    pub fn new(operation: &'static str, environment: Name, intent: Intent) -> Self {
        Self {
            operation,
            environment,
            components: None,
            include_dependencies: false,
            overrides: Overrides::default(),
            intent,
            resumes: None,
            problems: Vec::new(),
        }
    }
}

/// A run that stopped before all was done.
pub struct ResumedRun {
    pub run_id: String,
    pub done: BTreeMap<Name, CompletedComponent>,
}
