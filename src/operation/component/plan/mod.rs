//! Makes a plan in a file, and reads its changes.

mod job_place;
pub mod nomad_preflight;
pub mod removals;
mod sensitive_job;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::change::{self, Changes, FoundJob};
use crate::error::{Phase, Result};
use crate::operation::exec::{Invoker, saved_plan_file};
use crate::report::ResourceChange;
use crate::terraform::{Event, PlanArguments, PlannedChange, ROOM, Refresh};
use crate::view::progress::Stage;

/// The result of a plan.
pub(super) enum PlanOutcome {
    /// The plan has these changes.
    Changes(Changes),
    /// The plan has no changes. The list has the jobs that the refresh found different from the state.
    Nothing(Vec<FoundJob>),
}

/// A plan of all that the component's configuration says, into `file`.
pub(super) fn into(file: &Path, invoker: &Invoker<'_>) -> PlanArguments {
    PlanArguments {
        out: file.to_owned(),
        variable_files: invoker.variable_files(),
        state: invoker.context.state(),
        destroy: false,
        refresh: Refresh::First,
        lock: true,
        targets: Vec::new(),
        replace: Vec::new(),
    }
}

/// `full`: a person reads this plan, so it shows which attributes change; or the stream would not say all. A plan whose
/// stream says less than its own summary is read completely too.
pub(super) async fn plan(invoker: &Invoker<'_>, plan: &PlanArguments, full: bool) -> Result<PlanOutcome> {
    invoker.context.session.call.channel.stage(&invoker.context.component.name, Stage::Planning);
    match make(invoker, plan, full).await? {
        PlanRun { changes: Some(changes), .. } => Ok(PlanOutcome::Changes(changes)),
        PlanRun { jobs_differ: false, .. } => Ok(PlanOutcome::Nothing(Vec::new())),
        PlanRun { .. } => {
            let document = saved_plan_file::document(invoker, &plan.out).await?;
            Ok(PlanOutcome::Nothing(change::found_jobs(&document, &invoker.context.component.drift)))
        }
    }
}

/// A second plan, right after an apply.
pub(super) struct SecondLook {
    /// None if the plan has no changes.
    pub changes: Option<Changes>,
    /// The plan in clear, if it was wanted and its refresh found differences from the state.
    pub document: Option<Value>,
}

/// Plans again. `reads`: the differences between the state and the resources are wanted.
pub(super) async fn again(invoker: &Invoker<'_>, refresh: Refresh, reads: bool) -> Result<SecondLook> {
    let file = invoker.plan_file().with_extension("again");
    let lock = refresh != Refresh::Only;
    let looked = look(invoker, &PlanArguments { refresh, lock, ..into(&file, invoker) }, reads).await;
    let _ = std::fs::remove_file(&file);
    looked
}

async fn look(invoker: &Invoker<'_>, plan: &PlanArguments, reads: bool) -> Result<SecondLook> {
    let made = make(invoker, plan, false).await?;
    let document = match reads && made.outside {
        true => Some(saved_plan_file::document(invoker, &plan.out).await?),
        false => None,
    };
    Ok(SecondLook { changes: made.changes, document })
}

/// A plan of these addresses alone.
pub(super) async fn targeted(invoker: &Invoker<'_>, file: &Path, targets: &[String]) -> Result<Changes> {
    let plan = PlanArguments { targets: targets.to_owned(), ..into(file, invoker) };
    Ok(make(invoker, &plan, false).await?.changes.unwrap_or_default())
}

struct PlanRun {
    /// None if the plan has no changes.
    changes: Option<Changes>,
    /// The refresh found a job that differs from the state.
    jobs_differ: bool,
    /// The refresh found a resource that differs from the state.
    outside: bool,
}

async fn make(invoker: &Invoker<'_>, plan: &PlanArguments, full: bool) -> Result<PlanRun> {
    invoker.context.go_on(Phase::Planning).await?;
    let mut changes = Changes::default();
    let (mut jobs_differ, mut outside, mut is_complete) = (false, false, true);
    let output = invoker
        .stream("plan", plan.arguments(), invoker.context.component.timeouts.plan, ROOM, &mut |event| {
            match event {
                Event::PlannedChange(planned) => {
                    changes.resources.extend(resource(planned));
                }
                Event::ResourceDrift(found) => {
                    outside = true;
                    jobs_differ |= found.resource.kind == "nomad_job";
                }
                Event::PlannedAction(action) => changes.actions.push(action.clone()),
                Event::Deferred => is_complete = false,
                Event::ChangeSummary(summary) => is_complete &= changes.agrees_with(&summary.counts),
                Event::Outputs(outputs) => changes.outputs.extend(changed(outputs)),
                _ => {}
            }
        })
        .await?;
    changes.counts = changes.count();
    let changes = match output.exit.code {
        Some(0) => None,
        Some(2) if full || !is_complete => Some(saved_plan_file::show(invoker, &plan.out).await?),
        Some(2) => Some(changes),
        _ => {
            return Err(nomad_preflight::blame(
                &invoker.context,
                invoker.failure("plan", Phase::Planning, &output),
            )
            .await);
        }
    };
    Ok(PlanRun { changes, jobs_differ, outside })
}

fn resource(planned: &PlannedChange) -> Option<ResourceChange> {
    let (resource, reason) = (&planned.resource, planned.reason.as_deref());
    let change =
        change::planned(&resource.address, &resource.kind, &resource.name, planned.action.word(), reason)?;
    let previous_address = planned.previous_resource.as_ref().map(|before| before.address.clone());
    Some(ResourceChange { previous_address, import_id: change::import_id(&planned.importing), ..change })
}

/// The outputs that a plan changes, each with Terraform's action.
pub(super) fn changed(outputs: &BTreeMap<String, Option<String>>) -> impl Iterator<Item = (String, String)> {
    let with_action = outputs.iter().filter_map(|(name, action)| Some((name.clone(), action.clone()?)));
    with_action.filter(|(_, action)| action != "noop")
}
