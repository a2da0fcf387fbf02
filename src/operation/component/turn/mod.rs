//! The steps of one component's turn, under its lock and with its inputs known.
//!
//! Recover, materialise, init, read the state, plan to a file, decide, apply that plan.

mod apply_rollback;
mod branch;
mod keep_data;
mod new_plan;
mod saved_plan;
mod state_edit;
mod steps;

use super::apply::PlannedApply;
use super::inputs::prepared_secrets::PreparedSecrets;
use super::inputs::variables::Inputs;
use super::recovery::Recovery;
use super::registrations::FollowedRegistrations;
use crate::lock::LockGuard;
use crate::model::Node;
use crate::operation::exec::Invoker;
use crate::operation::exec::state::PulledState;
use crate::operation::intent::Intent;
use crate::operation::store::plan_basis::PlanBasis;
use crate::record::Record;
use crate::resolve::Module;

pub(super) struct Turn<'a> {
    pub node: &'a Node,
    pub invoker: &'a Invoker<'a>,
    pub guard: &'a LockGuard,
    pub intent: &'a Intent,
    pub record: Option<&'a Record>,
    pub module: &'a Module,
    pub inputs: &'a Inputs,
    pub task_secrets: &'a PreparedSecrets,
    /// The text of `terraform.tfvars.json`.
    pub variables: &'a str,
    /// The rendered backend block. None means the local backend.
    pub backend: Option<&'a str>,
    pub basis: &'a PlanBasis,
}

impl Turn<'_> {
    /// `state_before` is the state against which the plan is made.
    fn run(&self, before: Option<&PulledState>, recovery: &Recovery, destroy: bool) -> PlannedApply<'_> {
        PlannedApply {
            invoker: self.invoker,
            node: self.node,
            record: self.record,
            state_before: before.map(|pulled_state| pulled_state.state.remembered()).unwrap_or_default(),
            text: before.map(|pulled_state| pulled_state.text.clone()),
            inputs: self.inputs,
            task_secrets: self.task_secrets,
            variables: self.variables,
            held: before.map(|pulled_state| pulled_state.state.ids()).unwrap_or_default(),
            carried: recovery.suspects().to_vec(),
            elsewhere: recovery.is_elsewhere(),
            backend: self.backend,
            basis: self.basis,
            destroy,
            intent: self.intent,
            partly: false,
            followed: FollowedRegistrations::default(),
        }
    }
}
