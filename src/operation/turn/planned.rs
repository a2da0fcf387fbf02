//! A plan that is made now, the verdict over it, and what becomes of it.

use std::path::Path;

use super::super::apply::Run;
use super::super::inputs::{Pending, Produced};
use super::super::intent::Act;
use super::super::kept::{self, Kept};
use super::super::recover::Recovery;
use super::super::stale_lock::LOCKED;
use super::super::{approval, plan, preflight, remediate, surgery};
use super::Turn;
use crate::change::Changes;
use crate::decide::{State, judge};
use crate::error::Result;
use crate::report::{ComponentReport, Status};
use crate::terraform::Refresh;
use crate::workdir::{Manifest, remove};

impl Turn<'_> {
    /// `again` is the kept plan that this one takes the place of, where it would do the same.
    pub async fn plan_and_apply(
        &self,
        run: Run<'_>,
        before: Option<&State>,
        again: Option<(&Path, Box<Kept>)>,
        recovery: &mut Recovery,
        manifest: &mut Manifest,
    ) -> Result<ComponentReport> {
        let Self { invoker, guard, intent, .. } = *self;
        let file = match &intent.act {
            Act::Keep(folder) => kept::plan_file(folder, &invoker.component.name)?,
            _ => invoker.plan_file(),
        };
        let Some(changes) = self.plan(&file, recovery, manifest).await? else {
            let _ = std::fs::remove_file(&file);
            let reason = match intent.act {
                Act::Remediate { .. } => "nothing_to_put_right",
                _ => "",
            };
            let handed = &self.inputs.handed;
            if intent.act.changes_things() && !handed.is_written() {
                guard.fence().await?;
                handed.deliver(invoker).await?;
            }
            return run.unchanged(before.cloned().unwrap_or_default(), reason).await;
        };
        if let Some(way) = intent.act.way() {
            return way.go(run, guard, manifest, &file, changes).await;
        }
        let asked = preflight::check(invoker, &file, &changes).await;
        let notes = asked.inspect_err(|_| drop(std::fs::remove_file(&file)))?;
        let mut report = self.decide(run, before, again, manifest, &file, changes).await?;
        report.notes.extend(notes);
        Ok(report)
    }

    /// Applies the plan in `file`, keeps it, or leaves it at that.
    async fn decide(
        &self,
        run: Run<'_>,
        before: Option<&State>,
        again: Option<(&Path, Box<Kept>)>,
        manifest: &mut Manifest,
        file: &Path,
        changes: Changes,
    ) -> Result<ComponentReport> {
        let Self { invoker, guard, intent, .. } = *self;
        let (session, component) = (invoker.session, invoker.component);
        let name = &component.name;
        let verdict = judge(&component.policy, &changes, intent.consent);
        let changes = plan::redacted(invoker, changes);
        if let Some((_, kept)) = &again {
            let same = approval::compare(kept, &changes, name);
            same.inspect_err(|_| drop(std::fs::remove_file(file)))?;
        } else if let Err(blocked) = verdict {
            session.produce(name, self.pending(before, &changes));
            return approval::stop(invoker, intent, (file, self.facts, before), changes, blocked).await;
        }
        match &intent.act {
            Act::Apply | Act::ApplyKept(_) | Act::Remediate { apply: true, .. } => {
                let fence = guard.fence().await?;
                let note = again.map(|(folder, _)| approval::spend(session, folder, name)).transpose()?;
                let report = run.apply(fence, manifest, file, changes).await;
                let _ = std::fs::remove_file(file);
                let mut report = report?;
                report.notes.extend(note.flatten());
                if let Some(surgery) = intent.surgery.as_ref().filter(|_| report.status == Status::Applied) {
                    surgery::remember(invoker, surgery)?;
                }
                return Ok(report);
            }
            Act::Keep(folder) => {
                kept::keep(folder, name, self.facts, before, &changes, intent.destroy, None)?;
            }
            _ => drop(std::fs::remove_file(file)),
        }
        session.produce(name, self.pending(before, &changes));
        Ok(plan::planned(changes))
    }

    /// None: there is nothing to do. What a surgery asks for is beside the module while it is planned.
    async fn plan(
        &self,
        file: &Path,
        recovery: &mut Recovery,
        manifest: &mut Manifest,
    ) -> Result<Option<Changes>> {
        let Self { invoker, module, intent, .. } = *self;
        let surgery = intent.surgery.as_ref();
        let block = surgery.map(|surgery| surgery::lay(invoker, module, surgery, manifest)).transpose()?;
        let planned = match self.plan_once(file).await {
            Err(locked) if locked.code == LOCKED => {
                recovery.release(invoker, locked).await?;
                self.plan_once(file).await
            }
            planned => planned,
        };
        block.map(|block| block.take_away(manifest)).transpose()?;
        let changes = planned?;
        // The lock could be had: what tells of one that a dead terraform held has served.
        remove(&invoker.place.locking())?;
        if let Some(surgery) = surgery {
            let nothing = Changes::default();
            let alone = surgery::refuse_others(surgery, changes.as_ref().unwrap_or(&nothing));
            alone.inspect_err(|_| drop(std::fs::remove_file(file)))?;
        }
        Ok(changes)
    }

    async fn plan_once(&self, file: &Path) -> Result<Option<Changes>> {
        match &self.intent.act {
            Act::Remediate { drift_id, .. } => {
                remediate::plan(self.invoker, file, self.facts, drift_id).await
            }
            _ => {
                // What is null in place of a value must not be evaluated.
                let refresh = if self.node.lacks.is_empty() { Refresh::First } else { Refresh::Never };
                plan::plan(self.invoker, file, self.intent, refresh).await
            }
        }
    }

    /// Today's outputs, and which of them the plan would change. One that is neither is null by this plan.
    fn pending(&self, before: Option<&State>, changes: &Changes) -> Produced {
        let state = before.cloned().unwrap_or_default();
        let state = if self.intent.destroy { state } else { state.with_nulls(&self.node.interface.outputs) };
        Produced {
            outputs: state.outputs,
            pending: match changes.outputs.is_empty() {
                true => Pending::None,
                false => Pending::Some(changes.outputs.keys().cloned().collect()),
            },
        }
    }
}
