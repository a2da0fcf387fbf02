//! A saved plan: applied, shown, or made again.

use super::Turn;
use crate::decide::PolicyViolation;
use crate::error::{Code, Phase, Result};
use crate::operation::component::approval::SavedPlanDecision;
use crate::operation::component::plan::nomad_preflight::{self, JobCheck};
use crate::operation::component::recovery::Recovery;
use crate::operation::component::{approval, cost, reports, request_share};
use crate::operation::exec::state;
use crate::operation::store::approvals::ApprovalUse;
use crate::operation::store::saved_plan::StoredPlan;
use crate::operation::store::saved_plans::SavedPlan;
use crate::report::{ComponentReport, Status};
use crate::words::{Words, words};
use crate::workdir::{Manifest, remove};

pub enum SavedPlanOutcome {
    Over(Box<ComponentReport>),
    /// Plan again: if the changes are the same, they may be applied.
    Again(Box<StoredPlan>, ApprovalUse),
}

impl Turn<'_> {
    pub async fn apply_kept(
        &self,
        plan: SavedPlan<'_>,
        recovery: &mut Recovery,
        manifest: &mut Manifest,
    ) -> Result<SavedPlanOutcome> {
        let (invoker, name) = (self.invoker, &self.invoker.context.component.name);
        let session = invoker.context.session;
        recovery.save(invoker).await?;
        let pulled_state = state::pull(invoker).await?;
        let before = pulled_state.as_ref().map(|pulled_state| &pulled_state.state);
        recovery.compare(before);
        let rules = invoker.context.session.blueprint.settings.approvals.as_ref();
        let found = (before, self.record);
        let ready = approval::ready(invoker.context.component, plan, self.basis, found, rules);
        let ready = ready.map_err(|error| approval::with_command(invoker.context.session, plan, error))?;
        if let SavedPlanDecision::Apply(stored, approval) | SavedPlanDecision::Again(stored, approval) =
            &ready
        {
            let judged = cost::judge(invoker, stored.changes.machines.as_ref()).await?;
            if let (Err(violation), ApprovalUse::No) = (judged.verdict, approval) {
                let again = plan.plans.again_command(&session.blueprint, &session.call.identity.place);
                let remedy = words![
                    "the environment has changed since this plan was made: make a new one that can be approved: ",
                    again,
                    ". Or ",
                    violation.remedy
                ];
                let violation = PolicyViolation { remedy, ..violation };
                let report = reports::blocked(stored.changes.clone(), violation, name);
                return Ok(SavedPlanOutcome::Over(Box::new(report)));
            }
        }
        let (stored, approval) = match ready {
            SavedPlanDecision::Again(stored, approval) => {
                return Ok(SavedPlanOutcome::Again(Box::new(stored), approval));
            }
            SavedPlanDecision::Blocked(stored, violation) => {
                let asking = approval::asking(invoker.context.session, violation, plan);
                return Ok(SavedPlanOutcome::Over(Box::new(reports::blocked(stored.changes, asking, name))));
            }
            SavedPlanDecision::Apply(stored, _) if self.intent.is_test() => {
                return Ok(SavedPlanOutcome::Over(Box::new(reports::planned(stored.changes))));
            }
            SavedPlanDecision::Apply(stored, approval) => (stored, approval),
        };
        let notes = nomad_preflight::check(invoker, &stored.file, &stored.changes, JobCheck::Kept).await;
        let notes = notes.map_err(|error| approval::with_command(invoker.context.session, plan, error))?;
        let needed = request_share::of_apply(&stored.changes.resources);
        let _share = request_share::wait(invoker, needed, Phase::Application).await?;
        let fence = self.guard.fence().await?;
        let note = self.use_plan(plan, approval)?;
        let run = self.run(pulled_state.as_ref(), recovery, stored.destroy);
        let mut report = run.apply(fence, manifest, &stored.file, stored.changes.clone()).await?;
        if let Some(locked) = report.error.take_if(|error| error.code == Code::StateLocked) {
            recovery.release(invoker, locked).await?;
            let run = self.run(pulled_state.as_ref(), recovery, stored.destroy);
            report = run.apply(self.guard.fence().await?, manifest, &stored.file, stored.changes).await?;
        }
        remove(&invoker.context.paths.locking())?;
        self.end_plan(plan, report.status);
        report.notes.extend(note);
        report.notes.extend(notes);
        Ok(SavedPlanOutcome::Over(Box::new(report)))
    }

    /// Uses the approval if it counts, right before the apply, and notes which run applies the plan. Returns who approved
    /// it.
    pub(super) fn use_plan(&self, plan: SavedPlan<'_>, approval: ApprovalUse) -> Result<Option<Words>> {
        let session = self.invoker.context.session;
        let note = match approval {
            ApprovalUse::Yes => plan.use_approval(&session.call.layout, &session.call.run_id)?,
            ApprovalUse::No => None,
        };
        plan.note_apply(&session.holder(plan.component), None)?;
        Ok(note)
    }

    /// Notes how the apply of the plan ended. Only messages depend on it.
    pub(super) fn end_plan(&self, plan: SavedPlan<'_>, status: Status) {
        let holder = self.invoker.context.session.holder(plan.component);
        if let Err(error) = plan.note_apply(&holder, Some(status)) {
            tracing::warn!("{}: {error}", plan.component);
        }
    }
}
