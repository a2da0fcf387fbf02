//! Makes a plan, decides whether it may be applied, and applies or saves it.

use std::path::Path;

use super::keep_data::{Selection, taken};
use super::{Turn, state_edit};
use crate::change::{Changes, FoundJob};
use crate::decide::{State, judge};
use crate::error::{Code, Phase, Result};
use crate::operation::component::apply::failed_version::FailedVersionVerdict;
use crate::operation::component::apply::{PlannedApply, failed_version};
use crate::operation::component::drift::{accept, remediate};
use crate::operation::component::plan::PlanOutcome;
use crate::operation::component::plan::nomad_preflight::{self, JobCheck};
use crate::operation::component::recovery::Recovery;
use crate::operation::component::{approval, cost, plan, registrations, reports, request_share};
use crate::operation::intent::Mode;
use crate::operation::session::produced_outputs::{PendingOutputs, ProducedOutputs};
use crate::operation::store::approvals::ApprovalUse;
use crate::operation::store::saved_plan::StoredPlan;
use crate::operation::store::saved_plans::SavedPlan;
use crate::report::{ComponentReport, Status};
use crate::shell::quote;
use crate::terraform::{PlanArguments, Refresh};
use crate::words::{Words, words};
use crate::workdir::{Manifest, remove};

/// Addresses that a plan replaces, and addresses that it is limited to.
#[derive(Clone, Default)]
struct PlanLimits {
    replace: Vec<String>,
    targets: Vec<String>,
}

/// A saved plan that is made again, and may be applied if its changes are the same.
pub struct PlannedAgain<'a> {
    pub plan: SavedPlan<'a>,
    pub kept: Box<StoredPlan>,
    pub approval: ApprovalUse,
}

impl Turn<'_> {
    /// `again` is the saved plan that this plan replaces, if its changes are the same.
    pub async fn plan_and_apply(
        &self,
        run: PlannedApply<'_>,
        before: Option<&State>,
        again: Option<PlannedAgain<'_>>,
        selection: &Selection,
        recovery: &mut Recovery,
        manifest: &mut Manifest,
    ) -> Result<ComponentReport> {
        let Self { invoker, intent, .. } = *self;
        let (session, name) = (invoker.context.session, &invoker.context.component.name);
        let file = match intent.saves_plans() {
            true => session.call.saved_plans().of(name).file()?,
            false => invoker.plan_file(),
        };
        let replace = failed_version::spent(&run, before).await?;
        let limits = PlanLimits { replace, targets: selection.targets.clone() };
        let needed = request_share::of_plan(before.map_or(0, |before| before.resources));
        let share = request_share::wait(invoker, needed, Phase::Planning).await?;
        let planned = self.plan(&file, &limits, before, recovery, manifest).await?;
        drop(share);
        let changes = match planned {
            PlanOutcome::Changes(changes) => changes,
            PlanOutcome::Nothing(jobs) => {
                let _ = std::fs::remove_file(&file);
                if intent.is_of_branch() {
                    // The configuration in force stays the one that was applied.
                    session.ledger.produce(name, self.pending(before, &Changes::default()));
                    return Ok(ComponentReport::new(Status::Unchanged, None));
                }
                return self.nothing(run, before, &jobs).await;
            }
        };
        selection.check(&changes).inspect_err(|_| drop(std::fs::remove_file(&file)))?;
        if let Some(step) = intent.rollback_step() {
            return self.apply_rollback(step, run, before, manifest, &file, changes).await;
        }
        let told = match failed_version::judge(&run, &changes) {
            FailedVersionVerdict::Unrelated => None,
            FailedVersionVerdict::Allowed(note) => Some(note),
            FailedVersionVerdict::Refused(error) => {
                let _ = std::fs::remove_file(&file);
                session.ledger.produce(name, self.pending(before, &changes));
                return Ok(failed_version::waiting(
                    error,
                    reports::redacted(&invoker.context.redactor, changes),
                ));
            }
        };
        let check = if intent.adopts() { JobCheck::Adopts } else { JobCheck::New };
        let asked = nomad_preflight::check(invoker, &file, &changes, check).await;
        let notes = asked.inspect_err(|_| drop(std::fs::remove_file(&file)))?;
        let mut report = self.decide(run, before, again, manifest, &file, changes).await?;
        report.notes.extend(told.into_iter().chain(notes));
        Ok(report)
    }

    /// The resources match the configuration, and the jobs are as the refresh found them.
    async fn nothing(
        &self,
        run: PlannedApply<'_>,
        before: Option<&State>,
        found: &[FoundJob],
    ) -> Result<ComponentReport> {
        let Self { invoker, guard, intent, .. } = *self;
        let reason = intent.drift_id().map(|_| Code::NothingToPutRight);
        if intent.changes_things() && !self.task_secrets.is_written() {
            guard.fence().await?;
            self.task_secrets.deliver(&invoker.context).await?;
        }
        let mut state = before.cloned().unwrap_or_default();
        let failed = run.failed_before().is_some();
        let followed = registrations::refreshed(&mut state, found, run.record, failed);
        let foreign = followed.foreign.clone();
        let mut report = PlannedApply { followed, ..run }.unchanged(state, reason).await?;
        let changed = found.iter().filter(|job| foreign.contains(&job.key()) && !job.is_stopped);
        report.notes.extend(changed.map(registrations::note));
        let stopped = found.iter().filter(|job| job.is_stopped);
        report.notes.extend(stopped.map(|job| {
            words![
                format!("job {} was stopped, and no plan starts it: run ", job.id),
                Words::shell(format!("nomad job start {}", quote(&job.id))),
                ". In your own module, rerun_if_dead = true in its nomad_job lets a run start it"
            ]
        }));
        Ok(report)
    }

    /// Applies the plan in `file`, saves it, or only shows it.
    async fn decide(
        &self,
        run: PlannedApply<'_>,
        before: Option<&State>,
        again: Option<PlannedAgain<'_>>,
        manifest: &mut Manifest,
        file: &Path,
        changes: Changes,
    ) -> Result<ComponentReport> {
        let Self { invoker, guard, intent, .. } = *self;
        let (session, component) = (invoker.context.session, invoker.context.component);
        let name = &component.name;
        let data = taken(component, intent.existed_before(), changes.destroyed());
        let mut verdict = judge(&component.policy, &changes, intent.consent(), &data);
        let mut notes = Vec::new();
        if verdict.is_ok() && again.is_none() {
            let cost = cost::judge(invoker, changes.machines.as_ref()).await;
            let cost = cost.inspect_err(|_| drop(std::fs::remove_file(file)))?;
            (verdict, notes) = (cost.verdict, cost.notes);
        }
        let changes = reports::redacted(&invoker.context.redactor, changes);
        if let Some(PlannedAgain { plan, kept, .. }) = &again {
            let same = approval::compare(kept, &changes, name);
            let same = same.map_err(|error| approval::with_command(session, *plan, error));
            same.inspect_err(|_| drop(std::fs::remove_file(file)))?;
        } else if let Err(violation) = verdict {
            session.ledger.produce(name, self.pending(before, &changes));
            let made_from = (file, self.basis, before);
            let mut report = approval::stop(invoker, intent, made_from, changes, violation).await?;
            report.notes.extend(notes);
            return Ok(report);
        }
        match intent.mode {
            Mode::Apply => {
                let needed = request_share::of_apply(&changes.resources);
                let _share = request_share::wait(invoker, needed, Phase::Application).await?;
                let fence = guard.fence().await?;
                let note =
                    again.as_ref().map(|again| self.use_plan(again.plan, again.approval)).transpose()?;
                let report = run.apply(fence, manifest, file, changes).await;
                let _ = std::fs::remove_file(file);
                let mut report = report?;
                again.iter().for_each(|again| self.end_plan(again.plan, report.status));
                report.notes.extend(note.flatten());
                report.notes.extend(notes);
                if let Some(edit) = intent.state_edit(name).filter(|_| report.status == Status::Applied) {
                    state_edit::remember(invoker.context.paths, edit)?;
                }
                return Ok(report);
            }
            Mode::SavePlans => {
                approval::keep(invoker, intent, (file, self.basis, before), &changes, None)?;
            }
            Mode::Preview | Mode::PlanOutputs => drop(std::fs::remove_file(file)),
        }
        session.ledger.produce(name, self.pending(before, &changes));
        let mut report = reports::planned(changes);
        report.notes.extend(notes);
        Ok(report)
    }

    /// During the plan, the block of a state edit is in a file beside the module.
    async fn plan(
        &self,
        file: &Path,
        limits: &PlanLimits,
        before: Option<&State>,
        recovery: &mut Recovery,
        manifest: &mut Manifest,
    ) -> Result<PlanOutcome> {
        let Self { invoker, module, intent, .. } = *self;
        let surgery = intent.state_edit(&invoker.context.component.name);
        surgery.map(|edit| state_edit::check(&invoker.context.session.call.tool, edit)).transpose()?;
        let block = surgery
            .map(|edit| state_edit::write_block(invoker.context.paths, module, edit, manifest))
            .transpose()?;
        let planned = match self.plan_once(file, limits, before).await {
            Err(locked) if locked.code == Code::StateLocked => {
                recovery.release(invoker, locked).await?;
                self.plan_once(file, limits, before).await
            }
            planned => planned,
        };
        block.map(|block| block.take_away(manifest)).transpose()?;
        let planned = planned?;
        // The lock was free: the note about a dead terraform's lock is no longer needed.
        remove(&invoker.context.paths.locking())?;
        if let Some(edit) = surgery {
            let nothing = Changes::default();
            let changes = match &planned {
                PlanOutcome::Changes(changes) => changes,
                PlanOutcome::Nothing(_) => &nothing,
            };
            let alone = state_edit::refuse_others(edit, changes);
            alone.inspect_err(|_| drop(std::fs::remove_file(file)))?;
        }
        match planned {
            // A job that somebody else wrote may contain secrets that nothing marks.
            PlanOutcome::Changes(mut changes) if intent.adopts() => {
                changes.resources.iter_mut().for_each(|one| one.attributes.clear());
                Ok(PlanOutcome::Changes(changes))
            }
            planned => Ok(planned),
        }
    }

    async fn plan_once(
        &self,
        file: &Path,
        limits: &PlanLimits,
        before: Option<&State>,
    ) -> Result<PlanOutcome> {
        if let Some(drift_id) = self.intent.drift_id().filter(|_| self.intent.accepts_drift()) {
            return accept::plan(self.invoker, file, self.basis, self.record, drift_id).await;
        }
        if let Some(drift_id) = self.intent.drift_id() {
            return remediate::plan(self.invoker, file, self.basis, self.record, drift_id).await;
        }
        // A value that is null instead of known must not be evaluated.
        let refresh = if self.node.missing_variables.is_empty() { Refresh::First } else { Refresh::Never };
        let PlanLimits { replace, targets } = limits.clone();
        let destroy = self.intent.destroys();
        // A plan that is never applied needs no lock of the state, and so no right to write there.
        let lock = !self.intent.is_of_branch();
        let plan =
            PlanArguments { destroy, refresh, lock, replace, targets, ..plan::into(file, self.invoker) };
        // The stream does not say whether a change is about an old copy.
        let unclear = before.is_some_and(State::has_old_copies);
        let full = self.intent.is_shown() || unclear || cost::is_limited(self.invoker);
        plan::plan(self.invoker, &plan, full).await
    }

    /// The current outputs, and which of them the plan would change. An output in neither list is null after this
    /// plan.
    pub(super) fn pending(&self, before: Option<&State>, changes: &Changes) -> ProducedOutputs {
        let state = before.cloned().unwrap_or_default();
        let state =
            if self.intent.destroys() { state } else { state.with_nulls(&self.node.interface.outputs) };
        ProducedOutputs {
            outputs: state.outputs,
            pending: match changes.outputs.is_empty() {
                true => PendingOutputs::None,
                false => PendingOutputs::Some(changes.outputs.keys().cloned().collect()),
            },
        }
    }
}
