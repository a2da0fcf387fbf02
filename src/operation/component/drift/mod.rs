//! Checks one component for drift since its last apply. The check is read-only and blocks nobody.
//!
//! The applied configuration is laid out beside the workdir: after a failed run or a test, the workdir may contain
//! another configuration, and a check must not write there.

mod plan_for_drift;
pub mod remediate;

use std::time::SystemTime;

use self::plan_for_drift::{Look, look};
use super::inputs::{Hands, gather, lacking};
use super::{migrate_backend, reports, shown_outputs};
use crate::decide::{FailedVersion, notice};
use crate::error::{Code, Result};
use crate::lock::Guard;
use crate::model::Name;
use crate::operation::blueprint::earlier_configuration::target;
use crate::operation::component::recorded_state;
use crate::operation::exec::context::Context;
use crate::operation::exec::init::{Wanted, initialise, is_initialised};
use crate::operation::exec::{Invoker, state};
use crate::operation::session::Session;
use crate::operation::store::configurations;
use crate::record::{Known, Observed, Record};
use crate::render;
use crate::report::{Class, ComponentReport, Drift, Status};
use crate::snapshot::{Configuration, Store};
use crate::terraform::Refresh;
use crate::view::progress::Stage;
use crate::workdir::{Place, ensure_private, remove, write};

/// A scheduled check stores its result, reports what is due, and refreshes the cached outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Once,
    Scheduled,
}

/// Every result, also an error, becomes the report of the component.
pub async fn check(session: &Session, name: &Name, asked: Asked) -> ComponentReport {
    session.call.teller.show(name, Stage::Planning);
    let checked = match unlocked(session, name, asked).await {
        Ok(report) => report,
        Err(error) => reports::ended(error.of(name)),
    };
    if checked.status == Status::Failed
        && let Some(error) = &checked.error
    {
        tracing::error!("{error}");
    }
    checked
}

async fn unlocked(session: &Session, name: &Name, asked: Asked) -> Result<ComponentReport> {
    if session.blueprint.nodes[name].component.step.is_some() {
        let mut report = ComponentReport::new(Status::Unchanged, Code::SaltStep);
        report.notes.push("a Salt step: orchestrate with test=True checks it");
        return Ok(report);
    }
    let place = session.call.layout.place(name)?;
    let absent = |reason| {
        remove(&place.drift())?;
        remove(&place.outputs())?;
        Ok(ComponentReport::new(Status::Absent, reason))
    };
    match Record::read(&place.record())? {
        None => return absent(Code::NeverRanHere),
        Some(record) if record.outcome == Status::Destroyed.word() => return absent(Code::NoState),
        Some(_) => {}
    }
    let holder = session.holder(name);
    let no_time = std::time::Duration::ZERO;
    let guard = match session.call.locks.acquire(&place.lock(), &holder, no_time, &session.call.cancel).await
    {
        Ok(guard) => guard,
        Err(busy) if busy.code == Code::Locked => {
            let mut report = ComponentReport::new(Status::Skipped, Code::Busy);
            report.notes.push(busy.message);
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let checked = locked(session, name, &place, &guard, asked).await;
    if let Err(error) = guard.release().await {
        tracing::warn!("{error}");
    }
    checked
}

async fn locked(
    session: &Session,
    name: &Name,
    place: &Place,
    guard: &Guard,
    asked: Asked,
) -> Result<ComponentReport> {
    let pillar = &session.blueprint.nodes[name];
    let record = session.records().read(&pillar.component, place).await?.unwrap_or_default();
    if place.applying().exists() {
        let mut report = ComponentReport::new(Status::Skipped, Code::UnfinishedApply);
        report.notes.push("an apply was interrupted here: the next run recovers it first");
        return Ok(report);
    }
    let Some(applied) = &record.applied else {
        let mut report = ComponentReport::new(Status::Absent, Code::NeverApplied);
        report.notes.push("it was never completely applied here: there is nothing to compare with");
        return Ok(report);
    };
    let aside = place.aside();
    let store = Store::new(place.snapshots());
    configurations::bring(&session.call.locks, &session.blueprint.environment, name, &store, applied).await;
    let configuration = store.configuration(applied)?;
    let _ = std::fs::remove_dir_all(aside.module());
    let (node, module) = target(pillar, &configuration, &store, &aside.module())?;
    let how = |argument: &str| format!("apply it again with a reference, which is recorded: {argument}");
    let node = lacking::with_nulls(node, &module, how)?;
    let reading = session.call.reading();
    let gathered = gather(session, &node, &reading, Hands::Over).await?;
    let (inputs, backend) = (&gathered.inputs, gathered.backend.as_deref());
    if record.backend != backend.unwrap_or_default() {
        return Err(migrate_backend::changed(&record, backend));
    }
    dress(&aside, &configuration, &store)?;
    let variables = inputs.known.iter().map(|(name, value)| (name.as_str(), value)).collect();
    write(&aside.variables(), render::tfvars(&variables).as_bytes())?;

    let (component, subdir) = (&node.component, &configuration.subdir);
    let apart = aside.initialised_apart();
    let invoker_in = async |place| {
        let context = Context::new(session, component, place, Some(guard), reading.clone())?;
        Invoker::new(context, subdir).await
    };
    let mut invoker = invoker_in(&aside).await?;
    if !is_initialised(&invoker, &module, backend) {
        invoker = invoker_in(&apart).await?;
        initialise(&invoker, &module, backend, Wanted::default()).await?;
    }
    invoker.hand_over(&inputs.secret)?;
    let invoker = &invoker;
    let facts = gathered.facts(&session.call, &module)?;
    // Values that only a state or a call gives are assumed to be unchanged.
    let pillar = lacking::with_last(pillar, &configuration, &store);
    let wanted = match lacking::with_nulls(pillar, &session.modules[name], how) {
        Ok(pillar) => gather(session, &pillar, &reading, Hands::Over).await,
        Err(error) => Err(error),
    };
    let (configuration_changed, failed) = match wanted {
        Ok(now) => {
            let now = now.facts(&session.call, &session.modules[name])?;
            let version = now.version(&session.blueprint.nodes[name].component.declared);
            (now != facts, record.failed.as_ref().filter(|failed| failed.version == version))
        }
        // The applied configuration could be planned; the pillar's cannot.
        Err(_) => (true, None),
    };
    if invoker.context.state().is_some() || asked == Asked::Scheduled {
        let state = state::read(invoker).await?;
        recorded_state::check(Some(&record), state.as_ref(), false, &invoker.context)?;
        if asked == Asked::Scheduled {
            let state = record.with_nulls(state).unwrap_or_default();
            let hidden = state.outputs.iter().filter(|(_, output)| output.sensitive);
            let known = Known {
                time: now(),
                outputs: shown_outputs::shown(&invoker.context.redactor, &state),
                sensitive: hidden.map(|(name, _)| name.clone()).collect(),
            };
            known.write(&place.outputs())?;
        }
    }
    let file = invoker.plan_file();
    let refresh = if node.lacks.is_empty() { Refresh::First } else { Refresh::Only };
    let found = look(invoker, &file, &facts, refresh, Some(&record)).await;
    // The file contains values in clear.
    let _ = std::fs::remove_file(&file);
    let found = found.map_err(|error| lacking::blame(&node, error))?;
    let mut report = report(found, configuration_changed, &record);
    report.notes.extend(failed.map(FailedVersion::words));
    if !node.lacks.is_empty() {
        report.notes.push(format!(
            "the last value of {} is not stored: only changes outside of Terraform were checked",
            lacking::names(&node)
        ));
    }
    report.notes.extend(invoker.context.short_secrets());
    invoker.context.redactor.report(&mut report);
    remember(session, name, place, asked, report)
}

/// Copies the files beside a module's own files: the backend block and the provider lock file.
fn dress(aside: &Place, configuration: &Configuration, store: &Store) -> Result<()> {
    let folder = aside.module().join(&configuration.subdir);
    ensure_private(&folder)?;
    if !configuration.backend.is_empty() {
        write(&folder.join("backend.tf"), configuration.backend.as_bytes())?;
    }
    if let Some(digest) = &configuration.lock_file {
        write(&folder.join(".terraform.lock.hcl"), &store.object(digest)?)?;
    }
    Ok(())
}

fn report(found: Look, configuration_changed: bool, record: &Record) -> ComponentReport {
    let any = |class| found.drift.iter().any(|one| one.class == class);
    let (status, reason) = match () {
        () if any(Class::Drifted) => (Status::Drifted, None),
        () if any(Class::DriftedBenign) => (Status::DriftedBenign, None),
        () if any(Class::Pending) || !found.changes.outputs.is_empty() => {
            (Status::Planned, Some(Code::Pending))
        }
        () => (Status::Unchanged, None),
    };
    let mut report = ComponentReport::new(status, reason);
    report.output_changes = found.changes.outputs;
    if configuration_changed {
        let note = "the pillar differs from the applied configuration: infrastructure.plan shows the \
                    difference";
        report.notes.push(note);
    }
    if record.outcome == Status::Failed.word() {
        let note = "its last run failed: the comparison is with the last complete apply";
        report.notes.push(note);
    }
    report.drift = Some(Box::new(Drift {
        drift_detected: found.drift_id.is_some(),
        drift_id: found.drift_id,
        configuration_changed,
        seen: None,
        changes: found.drift,
    }));
    report
}

/// The results of the scheduled checks so far. A scheduled check adds its own and reports what is due.
fn remember(
    session: &Session,
    name: &Name,
    place: &Place,
    asked: Asked,
    mut report: ComponentReport,
) -> Result<ComponentReport> {
    let Some(drift) = &mut report.drift else { return Ok(report) };
    let before = Observed::read(&place.drift())?;
    if asked == Asked::Once {
        let same = before.filter(|before| Some(&before.drift_id) == drift.drift_id.as_ref());
        drift.seen = same.map(|same| same.seen);
        return Ok(report);
    }
    let alert_after = session.blueprint.nodes[name].component.drift.alert_after;
    let noticed = before.as_ref().map(Observed::noticed);
    let (after, due) = notice(noticed.as_ref(), drift.drift_id.as_deref(), alert_after);
    drift.seen = after.as_ref().map(|after| after.seen);
    Observed::remember(&place.drift(), before.as_ref(), after, &now())?;
    if due {
        let changes: Vec<_> = drift
            .changes
            .iter()
            .map(|one| serde_json::json!({ "address": one.address, "class": one.class, "actions": one.actions }))
            .collect();
        let data = serde_json::json!({
            "environment": session.blueprint.environment,
            "component": name,
            "status": report.status,
            "drift_id": drift.drift_id,
            "seen": drift.seen,
            "configuration_changed": drift.configuration_changed,
            "changes": changes,
        });
        session.call.teller.emit(name, "drift", data);
        tracing::warn!("{name}: {} outside of Terraform", report.status.word());
    }
    Ok(report)
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
