//! The arguments that the questions about components have in common.

use std::collections::BTreeSet;

use super::answer::ReportBuilder;
use super::arguments::Arguments;
use super::call::CallerIdentity;
use crate::model::{Name, Problem};

/// A question about components of one environment.
pub struct Question {
    pub environment: Name,
    /// None means all components.
    pub components: Option<BTreeSet<Name>>,
    /// Problems of the arguments.
    pub problems: Vec<Problem>,
}

impl Question {
    /// A question of the runner. A function that has other arguments reads them before.
    pub fn new(mut arguments: Arguments) -> Self {
        let environment = arguments.environment();
        let components = arguments.components(&environment);
        // The host has used it already.
        arguments.value("minion");
        Self { environment, components, problems: arguments.finish() }
    }

    /// A question of the execution module, about one component.
    pub fn of_component(component: &Name, mut arguments: Arguments) -> Self {
        let environment = arguments.environment();
        Self { environment, components: Some([component.clone()].into()), problems: arguments.finish() }
    }

    pub fn report_builder(&self, operation: &str, identity: &CallerIdentity) -> ReportBuilder {
        ReportBuilder::new(operation, self.environment.as_str(), false, identity)
    }
}
