//! The plan of a rollback: which part of it may be applied, and from which state it may start.

use std::path::Path;

use super::Turn;
use crate::change::Changes;
use crate::command_line::{command, environment, option};
use crate::decide::{self, PolicyViolation, State};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Component, Name};
use crate::operation::component::apply::PlannedApply;
use crate::operation::component::{plan, reports};
use crate::operation::intent::rollback::{RollbackStep, RollbackTrigger};
use crate::operation::store::records;
use crate::record::Record;
use crate::report::{ComponentReport, KeptResource, ResourceChange, Status};
use crate::words::{Words, words};
use crate::workdir::Manifest;

impl Turn<'_> {
    /// Applies the plan, or the part of it that is due, if no approval is needed.
    pub async fn apply_rollback(
        &self,
        step: &RollbackStep,
        run: PlannedApply<'_>,
        before: Option<&State>,
        manifest: &mut Manifest,
        file: &Path,
        changes: Changes,
    ) -> Result<ComponentReport> {
        let component = &run.node.component;
        let (session, pending) = (run.invoker.context.session, self.pending(before, &changes));
        session.ledger.changes_outputs(&component.name, pending.pending.clone());
        let kept = match (step.target.preserve_data, before) {
            (true, Some(state)) => decide::kept(state, &component.data, &component.policy.protect),
            _ => Vec::new(),
        };
        let share = share(step, kept, &changes);
        let (changes, partly) = match &share.targets {
            None => (changes, false),
            Some(targets) if targets.is_empty() => {
                return Ok(share.tell(ComponentReport::new(Status::Unchanged, None)));
            }
            Some(_) if self.intent.is_test() => (changes, true),
            Some(targets) => (plan::targeted(run.invoker, file, targets).await?, true),
        };
        let verdict = judge(step, component, &session.blueprint.environment, &changes);
        if self.intent.is_test() {
            session.ledger.produce(&component.name, pending);
        }
        let changes = reports::redacted(&run.invoker.context.redactor, changes);
        if let Err(violation) = verdict {
            if step.trigger == RollbackTrigger::Automatic {
                let record = run.record.cloned().unwrap_or_default();
                let (known_good, perpetual_diff) =
                    (step.target.known_good.clone(), step.target.perpetual_diff.clone());
                records::write(
                    run.invoker.context.lock,
                    &component.name,
                    run.invoker.context.paths,
                    Record { known_good, residue: perpetual_diff, ..record },
                )
                .await?;
            }
            return Ok(reports::blocked(changes, violation, &component.name));
        }
        if self.intent.is_test() {
            return Ok(share.tell(reports::planned(changes)));
        }
        let run = PlannedApply { partly, ..run };
        let report = run.apply(self.guard.fence().await?, manifest, file, changes).await?;
        Ok(share.tell(report))
    }
}

/// Refuses to start from any other state than the one that this run produced.
pub(super) fn refuse_changed_state(
    step: &RollbackStep,
    run_id: &str,
    record: Option<&Record>,
    state: Option<&State>,
) -> Result<()> {
    if step.trigger != RollbackTrigger::Automatic {
        return Ok(());
    }
    let recorded = state.map(State::remembered).unwrap_or_default();
    let ours = record.is_some_and(|record| record.run_id == run_id && record.remembered() == recorded);
    match ours {
        true => Ok(()),
        false => Err(Error::new(
            Layer::Host,
            Phase::Rollback,
            Code::MovedSince,
            "its state changed after this run: someone else has applied something",
            words!["check the resources, then: ", command("orchestrate").here()],
        )),
    }
}

/// The part of a plan that is due now.
fn share(step: &RollbackStep, mut kept: Vec<KeptResource>, changes: &Changes) -> RollbackShare {
    let is_data = |change: &ResourceChange| {
        change.does("delete") && kept.iter().any(|one| one.address == change.address)
    };
    let waits = |change: &ResourceChange| step.defers_destroys && change.actions == ["delete"];
    let (data, rest): (Vec<_>, Vec<_>) = changes.resources.iter().partition(|change| is_data(change));
    let (later, now): (Vec<_>, Vec<_>) = rest.into_iter().partition(|change| waits(change));
    let addresses = |some: &[&ResourceChange]| -> Vec<String> {
        some.iter().map(|change| change.address.clone()).collect()
    };
    let targets = (!data.is_empty() || !later.is_empty()).then(|| addresses(&now));
    let (data, later) = (addresses(&data), !later.is_empty());
    kept.retain(|one| data.contains(&one.address));
    RollbackShare { targets, kept, later }
}

/// Whether this plan may be applied without approval.
fn judge(
    step: &RollbackStep,
    component: &Component,
    environment: &Name,
    changes: &Changes,
) -> Result<(), PolicyViolation> {
    let mut rollback = component.rollback.clone();
    let is_confirmed = step.trigger == RollbackTrigger::Confirmed;
    if is_confirmed && step.unforeseen.is_empty() {
        rollback.needs_approval_for.clear();
    }
    let asks = decide::needs_approval(&component.policy, &rollback, step.target.before.as_ref(), changes);
    let asks: Vec<_> = asks.into_iter().map(|change| change.address.clone()).collect();
    if !asks.is_empty() && is_confirmed && !step.unforeseen.is_empty() {
        return Err(unseen(step, &component.name, environment, asks));
    }
    if !asks.is_empty() {
        return Err(refused("the rollback would destroy resources that existed before the run", asks));
    }
    let used: Vec<_> = changes.outputs.keys().filter(|output| step.read.contains(*output)).collect();
    let asked = !rollback.needs_approval_for.is_empty();
    if asked && !used.is_empty() && changes.destroyed().next().is_some() {
        let used = used.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let addresses = changes.destroyed().map(|change| change.address.clone()).collect();
        let what = format!(
            "the rollback would destroy resources whose outputs other components still read ({used})"
        );
        return Err(refused(what, addresses));
    }
    Ok(())
}

struct RollbackShare {
    /// None means the whole plan.
    targets: Option<Vec<String>>,
    /// What stays although the plan would destroy it.
    kept: Vec<KeptResource>,
    /// Whether a part is left for a later turn.
    later: bool,
}

impl RollbackShare {
    fn tell(&self, mut report: ComponentReport) -> ComponentReport {
        report.keep(self.kept.clone());
        if self.later && matches!(report.status, Status::Applied | Status::Unchanged) {
            report.reason = Some(Code::Waits);
        }
        report
    }
}

/// The confirmation does not cover what no preview could show.
fn unseen(step: &RollbackStep, name: &Name, environment: &Name, addresses: Vec<String>) -> PolicyViolation {
    let outputs = step.unforeseen.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let again = || {
        let again = command("rollback").of(environment).with("components", name);
        if step.target.preserve_data { again.flag("preserve_data") } else { again }
    };
    PolicyViolation {
        code: Code::RollbackNeedsApproval,
        message: words![
            "the rollback would destroy resources, and no preview could show this before ",
            Words::own(outputs),
            " was rolled back: ",
            addresses.join(", ")
        ],
        remedy: words![
            "see it: ",
            again().flag("test"),
            "; to allow it: ",
            again().with("confirm", environment),
            "; resources of policy:protect stay protected"
        ],
        addresses,
    }
}

fn refused(what: impl Into<Words>, addresses: Vec<String>) -> PolicyViolation {
    PolicyViolation {
        code: Code::RollbackNeedsApproval,
        message: words![what, ": ", addresses.join(", ")],
        remedy: words![
            "to allow this, roll back with ",
            Words::own(option("confirm", environment())),
            "; resources of policy:protect stay protected"
        ],
        addresses,
    }
}
