//! What a call wants of an environment's components, read from its arguments.

use std::collections::{BTreeMap, BTreeSet};

use super::rollback::asked::Asked;
use crate::journal::Done;
use crate::model::{Name, Overrides, Problem, Surgery};

/// What a call wants, read from its arguments.
pub struct Wanted {
    pub operation: &'static str,
    pub environment: Name,
    pub components: Option<BTreeSet<Name>>,
    pub include_dependencies: bool,
    pub overrides: Overrides,
    pub test: bool,
    pub wish: Wish,
    pub migrate_backend: bool,
    /// Take the newest providers and modules that the configuration allows.
    pub upgrade: bool,
    /// A version that failed is to be registered again.
    pub retry: bool,
    /// The run to go on with.
    pub resumes: Option<Resumed>,
    /// Of the arguments.
    pub problems: Vec<Problem>,
}

impl Wanted {
    /// A look at what would be done with all components.
    pub fn new(operation: &'static str, environment: Name) -> Self {
        Self {
            operation,
            environment,
            components: None,
            include_dependencies: false,
            overrides: Overrides::default(),
            test: false,
            wish: Wish::Preview,
            migrate_backend: false,
            upgrade: false,
            retry: false,
            resumes: None,
            problems: Vec::new(),
        }
    }
}

/// A run that stopped before all was done.
pub struct Resumed {
    pub run_id: String,
    pub done: BTreeMap<Name, Done>,
}

/// What is to happen; where plans are kept is known only once the root is.
#[derive(Clone, Debug)]
pub enum Wish {
    Apply,
    Preview,
    Keep,
    ApplyKept(String),
    ShowKept(String),
    Destroy,
    PreviewDestroy,
    Prepare,
    /// Take back drift that was seen, or show how.
    Remediate {
        drift_id: String,
        apply: bool,
    },
    /// The execution module's `plan destroy=True`.
    KeepDestroy,
    Acknowledge,
    RollBack(Asked),
    Operate(Surgery),
    PreviewOperation(Surgery),
}
