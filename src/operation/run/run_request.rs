//! The request for a run over an environment, read from the arguments of a call.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::CompletedComponent;
use crate::model::{Name, Overrides, Problem, RotationRequest};
use crate::operation::intent::Intent;

/// The request, read from the arguments of a call.
pub struct RunRequest {
    pub operation: &'static str,
    pub environment: Name,
    pub components: Option<BTreeSet<Name>>,
    pub include_dependencies: bool,
    pub overrides: Overrides,
    pub intent: Intent,
    /// Only what has changed since this commit or run, and its dependents.
    pub affected: Option<String>,
    /// What is as its fingerprint says is passed over.
    pub by_fingerprint: bool,
    /// The run to resume.
    pub resumes: Option<ResumedRun>,
    /// The secrets to rotate. Then the components are those that read them.
    pub rotation: Option<RotationRequest>,
    /// What the patterns of the call mean, one line each.
    pub meanings: Vec<String>,
    /// Problems of the arguments.
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
            affected: None,
            by_fingerprint: false,
            resumes: None,
            rotation: None,
            meanings: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// An interrupted run.
pub struct ResumedRun {
    pub run_id: String,
    pub done: BTreeMap<Name, CompletedComponent>,
}
