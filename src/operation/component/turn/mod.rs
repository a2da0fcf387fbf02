//! The steps of one component's turn, under its lock and with its inputs known.
//!
//! Recover, materialise, init, read the state, plan to a file, decide, apply that plan.

mod apply_way_back;
mod new_plan;
mod saved_plan;
mod state_surgery;
mod steps;

use super::apply::Run;
use super::inputs::handed::Handed;
use super::inputs::variables::Inputs;
use super::recovery::Recovery;
use super::registrations::Followed;
use crate::lock::Guard;
use crate::model::Node;
use crate::operation::exec::Invoker;
use crate::operation::exec::state::Pulled;
use crate::operation::intent::Intent;
use crate::operation::store::facts::Facts;
use crate::record::Record;
use crate::resolve::Module;

pub(super) struct Turn<'a> {
    pub node: &'a Node,
    pub invoker: &'a Invoker<'a>,
    pub guard: &'a Guard,
    pub intent: &'a Intent,
    pub record: Option<&'a Record>,
    pub module: &'a Module,
    pub inputs: &'a Inputs,
    pub handed: &'a Handed,
    /// The text of `terraform.tfvars.json`.
    pub variables: &'a str,
    /// The rendered backend block. None means the local backend.
    pub backend: Option<&'a str>,
    pub facts: &'a Facts,
}

impl Turn<'_> {
    /// `before` is the state against which the plan is made.
    fn run(&self, before: Option<&Pulled>, recovery: &Recovery, destroy: bool) -> Run<'_> {
        Run {
            invoker: self.invoker,
            node: self.node,
            record: self.record,
            before: before.map(|pulled| pulled.state.remembered()).unwrap_or_default(),
            text: before.map(|pulled| pulled.text.clone()),
            inputs: self.inputs,
            handed: self.handed,
            variables: self.variables,
            held: before.map(|pulled| pulled.state.ids()).unwrap_or_default(),
            carried: recovery.suspects().to_vec(),
            elsewhere: recovery.is_elsewhere(),
            backend: self.backend,
            facts: self.facts,
            destroy,
            intent: self.intent,
            partly: false,
            followed: Followed::default(),
        }
    }
}
