//! The steps of a turn, in their order.

use super::new_plan::PlannedAgain;
use super::{Turn, apply_rollback, branch, saved_plan, state_edit};
use crate::decide::State;
use crate::error::{Code, Result};
use crate::operation::component::recorded_state;
use crate::operation::component::recovery::Recovery;
use crate::operation::component::{migrate_backend, registrations};
use crate::operation::exec::init::{InitOptions, initialise};
use crate::operation::exec::state;
use crate::operation::exec::state::PulledState;
use crate::operation::intent::What;
use crate::operation::store::saved_plans::SavedPlans;
use crate::report::{ComponentReport, Status};
use crate::workdir::{Manifest, materialise};

impl Turn<'_> {
    /// `notes` gets what was done on the way, however the turn ends.
    pub async fn take(
        &self,
        recovery: &mut Recovery,
        manifest: &mut Manifest,
        notes: &mut Vec<String>,
    ) -> Result<ComponentReport> {
        if let Some(report) = self.done_before(recovery).await? {
            return Ok(report);
        }
        recovery.refuse_to_move(self.invoker, self.backend)?;
        let layout = &self.invoker.context.session.call.layout;
        let plans = self.intent.plan_id().map(|plan_id| SavedPlans::new(layout, plan_id));
        let again = match plans.as_ref().map(|plans| plans.of(&self.node.component.name)) {
            Some(plan) => match self.apply_kept(plan, recovery, manifest).await? {
                saved_plan::SavedPlanOutcome::Over(report) => return Ok(*report),
                saved_plan::SavedPlanOutcome::Again(kept, approval) => {
                    Some(PlannedAgain { plan, kept, approval })
                }
            },
            None => None,
        };
        let moved = self.prepare(recovery, manifest, notes).await?;
        if self.intent.what == What::Init {
            return Ok(ComponentReport::new(Status::Unchanged, Code::Prepared));
        }
        let pulled_state = self.state(recovery, moved).await?;
        let before = pulled_state.as_ref().map(|pulled_state| &pulled_state.state);
        if let Some(edit) = self.intent.state_edit(&self.node.component.name)
            && let Some(report) = state_edit::report_without_plan(self.invoker.context.paths, edit, before)?
        {
            return Ok(report);
        }
        let run = self.run(pulled_state.as_ref(), recovery, self.intent.destroys());
        if self.intent.destroys() && before.is_none_or(State::is_empty) {
            return run.unchanged(before.cloned().unwrap_or_default(), Some(Code::NothingThere)).await;
        }
        let selection = self.selection(before);
        if let Some(report) = selection.report_without_plan() {
            return Ok(report);
        }
        let report = self.plan_and_apply(run, before, again, &selection, recovery, manifest).await?;
        Ok(selection.tell(report))
    }

    /// The resumed run has completed this component, and nothing has changed since.
    async fn done_before(&self, recovery: &Recovery) -> Result<Option<ComponentReport>> {
        let done = self.invoker.context.session.ledger.done(&self.invoker.context.component.name);
        let Some(done) = done.filter(|_| !recovery.is_unfinished()) else { return Ok(None) };
        let state = state::read(self.invoker).await?;
        let mut state =
            self.record.map_or(state.clone(), |record| record.with_nulls(state)).unwrap_or_default();
        if let Some(record) = self.record {
            registrations::recorded(&mut state, record);
        }
        let run = self.run(None, recovery, false);
        if *done != run.done(&state) {
            return Ok(None);
        }
        let report = ComponentReport::new(Status::Unchanged, Code::DoneBefore);
        let applied = self.record.and_then(|record| record.applied.as_deref());
        Ok(Some(run.settle(report, state, applied).await))
    }

    /// Lays out and initialises the module, and saves unsaved states. True: the state moved to another backend.
    async fn prepare(
        &self,
        recovery: &mut Recovery,
        manifest: &mut Manifest,
        notes: &mut Vec<String>,
    ) -> Result<bool> {
        let Self { invoker, module, backend, .. } = *self;
        if self.intent.is_of_branch() {
            notes.extend(branch::prepare(self, manifest).await?);
            return Ok(false);
        }
        let may_migrate = self.intent.may_migrate();
        let reconfigure =
            migrate_backend::prepare(invoker, module, self.record, backend, may_migrate).await?;
        notes.extend(materialise(invoker.context.paths, module, backend, self.variables, manifest)?);
        let wanted = InitOptions { reconfigure, upgrade: self.intent.options.upgrade };
        notes.extend(initialise(invoker, module, backend, wanted).await?);
        let moved = migrate_backend::finish(invoker, reconfigure).await?;
        recovery.save(invoker).await?;
        Ok(moved)
    }

    /// Refuses a state that is not the one after the last run.
    async fn state(&self, recovery: &mut Recovery, moved: bool) -> Result<Option<PulledState>> {
        let pulled_state = state::pull(self.invoker).await?;
        let before = pulled_state.as_ref().map(|pulled_state| &pulled_state.state);
        recovery.compare(before);
        match (moved, self.record) {
            (true, Some(record)) => migrate_backend::verify(record, before, self.invoker.context.paths)?,
            _ => {
                let may_be_empty = self.intent.destroys() || recovery.may_have_emptied();
                recorded_state::check(self.record, before, may_be_empty, &self.invoker.context)?;
            }
        }
        if let Some(step) = self.intent.rollback_step() {
            apply_rollback::refuse_changed_state(
                step,
                &self.invoker.context.session.call.run_id,
                self.record,
                before,
            )?;
        }
        Ok(pulled_state)
    }
}
