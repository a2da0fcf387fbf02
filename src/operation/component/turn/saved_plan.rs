//! A saved plan: applied, shown, or made again.

use super::Turn;
use crate::error::{Code, Result};
use crate::operation::component::approval::Ready;
use crate::operation::component::plan::nomad_preflight;
use crate::operation::component::recovery::Recovery;
use crate::operation::component::{approval, reports};
use crate::operation::exec::state;
use crate::operation::store::saved_plan::Kept;
use crate::operation::store::saved_plans::SavedPlan;
use crate::report::ComponentReport;
use crate::workdir::{Manifest, remove};

pub enum Outcome {
    Over(Box<ComponentReport>),
    /// Plan again: if the changes are the same, they may be applied.
    Again(Box<Kept>),
}

impl Turn<'_> {
    pub async fn apply_kept(
        &self,
        plan: SavedPlan<'_>,
        recovery: &mut Recovery,
        manifest: &mut Manifest,
    ) -> Result<Outcome> {
        let (invoker, name) = (self.invoker, &self.invoker.context.component.name);
        recovery.save(invoker).await?;
        let pulled = state::pull(invoker).await?;
        let before = pulled.as_ref().map(|pulled| &pulled.state);
        recovery.compare(before);
        let kept = match approval::ready(invoker.context.component, plan, self.facts, before)? {
            Ready::Again(kept) => return Ok(Outcome::Again(Box::new(kept))),
            Ready::Blocked(kept, blocked) => {
                let asking = approval::asking(blocked, plan);
                return Ok(Outcome::Over(Box::new(reports::blocked(kept.changes, asking, name))));
            }
            Ready::Apply(kept) if self.intent.is_test() => {
                return Ok(Outcome::Over(Box::new(reports::planned(kept.changes))));
            }
            Ready::Apply(kept) => kept,
        };
        let notes = nomad_preflight::check(invoker, &kept.file, &kept.changes).await?;
        let fence = self.guard.fence().await?;
        let note = plan.spend(&invoker.context.session.call.layout, &invoker.context.session.call.run_id)?;
        let run = self.run(pulled.as_ref(), recovery, kept.destroy);
        let mut report = run.apply(fence, manifest, &kept.file, kept.changes.clone()).await?;
        if let Some(locked) = report.error.take_if(|error| error.code == Code::StateLocked) {
            recovery.release(invoker, locked).await?;
            let run = self.run(pulled.as_ref(), recovery, kept.destroy);
            report = run.apply(self.guard.fence().await?, manifest, &kept.file, kept.changes).await?;
        }
        remove(&invoker.context.place.locking())?;
        report.notes.extend(note);
        report.notes.extend(notes);
        Ok(Outcome::Over(Box::new(report)))
    }
}
