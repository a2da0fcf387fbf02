//! A plan to a file, and what it says.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::intent::{Act, Intent};
use super::invoke::Invoker;
use super::rollback::Manner;
use super::said::Said;
use super::{facts, preflight};
use crate::change::{self, Changes, FoundJob};
use crate::decide::Blocked;
use crate::error::{Error, Layer, Phase, Result};
use crate::model::Name;
use crate::report::{ComponentReport, Status};
use crate::terraform::{self, Event, Plan, ROOM, Refresh};
use crate::view::progress::Stage;

/// What a plan comes to.
pub enum Planned {
    /// The plan is in the file.
    Changes(Changes),
    /// The world is as the configuration says; with the jobs as the refresh found them, where one is not as the state
    /// has it.
    Nothing(Vec<FoundJob>),
}

/// `replace`: addresses that are made anew.
pub async fn plan(
    invoker: &Invoker<'_>,
    file: &Path,
    intent: &Intent,
    refresh: Refresh,
    replace: &[String],
) -> Result<Planned> {
    invoker.session.teller.stage(&invoker.component.name, Stage::Planning);
    let full = match &intent.act {
        Act::Apply => intent.surgery.is_some(),
        Act::GoBack(way) => way.manner == Manner::Shown,
        _ => true,
    };
    let asked = Asked { destroy: intent.destroy, refresh, full, replace, targets: &[] };
    match make(invoker, file, asked).await? {
        Made { changes: Some(changes), .. } => Ok(Planned::Changes(changes)),
        Made { jobs_differ: false, .. } => Ok(Planned::Nothing(Vec::new())),
        Made { .. } => Ok(Planned::Nothing(change::found_jobs(&document(invoker, file).await?))),
    }
}

/// What a plan of the same would still change, right after an apply.
pub async fn again(invoker: &Invoker<'_>) -> Result<Option<Changes>> {
    let file = invoker.plan_file().with_extension("again");
    let made = make(invoker, &file, Asked::default()).await;
    let _ = std::fs::remove_file(&file);
    Ok(made?.changes)
}

/// A plan of these addresses alone.
pub async fn targeted(invoker: &Invoker<'_>, file: &Path, targets: &[String]) -> Result<Changes> {
    let asked = Asked { targets, ..Asked::default() };
    Ok(make(invoker, file, asked).await?.changes.unwrap_or_default())
}

struct Made {
    /// None: there is nothing to do.
    changes: Option<Changes>,
    /// The refresh found a job that is not as the state has it.
    jobs_differ: bool,
}

#[derive(Default)]
struct Asked<'a> {
    destroy: bool,
    refresh: Refresh,
    /// A person reads this plan, and is shown which attributes change.
    full: bool,
    targets: &'a [String],
    replace: &'a [String],
}

async fn make(invoker: &Invoker<'_>, file: &Path, asked: Asked<'_>) -> Result<Made> {
    let Asked { destroy, refresh, full, targets, replace } = asked;
    invoker.go_on(Phase::Planning).await?;
    let arguments = Plan {
        out: file.to_owned(),
        variable_files: invoker.variable_files(),
        state: invoker.state(),
        destroy,
        refresh,
        lock: true,
        targets: targets.to_owned(),
        replace: replace.to_owned(),
    };
    let mut changes = Changes::default();
    let mut jobs_differ = false;
    let said =
        invoker
            .stream("plan", arguments.arguments(), invoker.component.timeouts.plan, ROOM, &mut |event| {
                match event {
                    Event::PlannedChange(planned) => {
                        let resource = &planned.resource;
                        changes.resources.extend(change::planned(
                            &resource.address,
                            &resource.kind,
                            &resource.name,
                            planned.action.word(),
                            planned.reason.as_deref(),
                        ));
                    }
                    Event::ResourceDrift(found) => jobs_differ |= found.resource.kind == "nomad_job",
                    Event::ChangeSummary(summary) => changes.counts = summary.counts,
                    Event::Outputs(outputs) => changes.outputs.extend(changed(outputs)),
                    _ => {}
                }
            })
            .await?;
    let changes = match said.exit.code {
        Some(0) => None,
        Some(2) if full => Some(show(invoker, file).await?),
        Some(2) => Some(changes),
        _ => return Err(preflight::blame(invoker, invoker.failure("plan", Phase::Planning, &said)).await),
    };
    Ok(Made { changes, jobs_differ })
}

/// Outputs that a plan changes, with Terraform's action on each.
pub fn changed(outputs: &BTreeMap<String, Option<String>>) -> impl Iterator<Item = (String, String)> {
    let with_action = outputs.iter().filter_map(|(name, action)| Some((name.clone(), action.clone()?)));
    with_action.filter(|(_, action)| action != "noop")
}

/// What a saved plan would do, attribute by attribute.
pub async fn show(invoker: &Invoker<'_>, file: &Path) -> Result<Changes> {
    let plan = document(invoker, file).await?;
    let digest = facts::keyed(&invoker.session.layout, &change::change_set(&plan))?;
    Ok(Changes { digest, ..change::read(&plan) })
}

/// The plan in a file, whole and in clear.
pub async fn document(invoker: &Invoker<'_>, file: &Path) -> Result<Value> {
    let timeout = invoker.component.timeouts.plan;
    let (exit, text) = invoker.document("show", terraform::show_plan(file), timeout).await?;
    if exit.code != Some(0) {
        return Err(invoker.failure("show", Phase::Planning, &Said { exit, diagnostics: Vec::new() }));
    }
    serde_json::from_slice(&text).map_err(|error| {
        let message = format!("terraform show printed what is no JSON: {error}");
        Error::new(
            Layer::Terraform,
            Phase::Planning,
            "garbage",
            message,
            "look at the terraform that is configured",
        )
    })
}

/// Takes out secrets that the module did not mark.
pub fn redacted(invoker: &Invoker<'_>, mut changes: Changes) -> Changes {
    invoker.redactor.resources(&mut changes.resources);
    changes
}

pub fn planned(changes: Changes) -> ComponentReport {
    with(ComponentReport::new(Status::Planned, ""), changes)
}

pub fn blocked(changes: Changes, blocked: Blocked, name: &Name) -> ComponentReport {
    let error = Error::new(Layer::Salt, Phase::Planning, blocked.code, blocked.message, blocked.remedy)
        .of(name)
        .with(serde_json::json!({ "addresses": blocked.addresses }));
    let report =
        ComponentReport { error: Some(error), ..ComponentReport::new(Status::Blocked, blocked.code) };
    with(report, changes)
}

pub fn with(report: ComponentReport, changes: Changes) -> ComponentReport {
    ComponentReport {
        changes: changes.counts,
        resource_changes: changes.resources,
        output_changes: changes.outputs,
        ..report
    }
}
