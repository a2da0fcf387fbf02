//! Checks one component for drift since its last apply. The check is read-only and blocks nobody.
//!
//! The applied configuration is laid out beside the workdir: after a failed run or a test, the workdir may contain
//! another configuration, and a check must not write there.

pub mod accept;
mod plan_for_drift;
pub mod remediate;
mod scheduled_checks;

use std::rc::Rc;

use self::plan_for_drift::{DriftPlan, plan_for_drift};
pub use self::scheduled_checks::DriftCheckKind;
use self::scheduled_checks::remember;
use super::drift_baseline::KnownBaseline;
use super::inputs::{SecretPublishing, collect_inputs, missing_variables};
use super::{migrate_backend, reports, shown_outputs};
use crate::clock;
use crate::command_line::{Input, command};
use crate::decide::{DriftFacts, FailedVersion, State, drift_cause};
use crate::error::{Code, Result};
use crate::lock::{Holder, LockGuard};
use crate::model::Name;
use crate::operation::blueprint::earlier_configuration::target;
use crate::operation::component::recorded_state;
use crate::operation::exec::context::Context;
use crate::operation::exec::init::{InitOptions, initialise, is_initialised};
use crate::operation::exec::{Invoker, state};
use crate::operation::session::Session;
use crate::operation::session::secrets::SecretReader;
use crate::operation::store::configurations;
use crate::operation::store::plan_basis::PlanBasis;
use crate::operation::store::records;
use crate::record::{CachedOutputs, Record};
use crate::render;
use crate::report::{ComponentReport, Drift, DriftClass, Status};
use crate::snapshot::{Configuration, SnapshotStore};
use crate::terraform::Refresh;
use crate::view::progress::Stage;
use crate::words::{Words, words};
use crate::workdir::{ComponentPaths, ensure_private, remove, write};

/// Every result, also an error, becomes the report of the component.
pub async fn check(session: &Session, name: &Name, kind: DriftCheckKind) -> ComponentReport {
    session.call.channel.show(name, Stage::Planning);
    let checked = match unlocked(session, name, kind).await {
        Ok(report) => report,
        Err(error) => reports::ended(error.of(name)),
    };
    if checked.status == Status::Failed
        && let Some(error) = &checked.error
    {
        tracing::error!(repeated = true, "{error}");
    }
    checked
}

async fn unlocked(session: &Session, name: &Name, kind: DriftCheckKind) -> Result<ComponentReport> {
    if session.blueprint.nodes[name].component.step.is_some() {
        let mut report = ComponentReport::new(Status::Unchanged, Code::SaltStep);
        let check = command("orchestrate").here().with("components", name).flag("test");
        report.notes.push(words!["a Salt step: ", check, " checks it"]);
        return Ok(report);
    }
    let paths = session.call.layout.component(name)?;
    let absent = |reason| {
        remove(&paths.drift())?;
        remove(&paths.outputs())?;
        remove(&paths.baseline())?;
        Ok(ComponentReport::new(Status::Absent, reason))
    };
    match Record::read(&paths.record())? {
        None => return absent(Code::NeverRanHere),
        Some(record) if Status::from_word(&record.outcome).is_taken_down() => return absent(Code::NoState),
        Some(_) => {}
    }
    let holder = session.holder(name);
    let no_time = std::time::Duration::ZERO;
    let guard = match session.call.locks.acquire(&paths.lock(), &holder, no_time, &session.call.cancel).await
    {
        Ok(guard) => guard,
        Err(busy) if busy.code == Code::Locked => {
            let mut report = ComponentReport::new(Status::Skipped, Code::Busy);
            report.notes.push(busy.message);
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let checked = locked(session, name, &paths, &guard, kind).await;
    if let Err(error) = guard.release().await {
        tracing::warn!("{error}");
    }
    checked
}

async fn locked(
    session: &Session,
    name: &Name,
    paths: &ComponentPaths,
    guard: &LockGuard,
    kind: DriftCheckKind,
) -> Result<ComponentReport> {
    let pillar = &session.blueprint.nodes[name];
    let record = session.records().read(&pillar.component, paths).await?.unwrap_or_default();
    if paths.applying().exists() {
        let mut report = ComponentReport::new(Status::Skipped, Code::UnfinishedApply);
        report.notes.push("an apply was interrupted here: the next run recovers it first");
        return Ok(report);
    }
    let Some(applied) = &record.applied else {
        let mut report = ComponentReport::new(Status::Absent, Code::NeverApplied);
        report.notes.push("it was never completely applied here: there is nothing to compare with");
        return Ok(report);
    };
    let aside = paths.for_drift_check();
    let store = SnapshotStore::new(paths.snapshots());
    configurations::download(&session.call.locks, &session.blueprint.environment, name, &store, applied)
        .await;
    let configuration = store.configuration(applied)?;
    let _ = std::fs::remove_dir_all(aside.module());
    let (node, module) = target(pillar, &configuration, &store, &aside.module())?;
    let node = missing_variables::with_nulls(node, &module, |input, variable, value| {
        remedy(name, input, variable, value)
    })?;
    let reader = session.call.reading();
    let collected = collect_inputs(session, &node, &reader, SecretPublishing::Yes).await?;
    let (inputs, backend) = (&collected.inputs, collected.backend.as_deref());
    if record.backend != backend.unwrap_or_default() {
        return Err(migrate_backend::changed(&record, backend));
    }
    dress(&aside, &configuration, &store)?;
    let variables = inputs.known.iter().map(|(name, value)| (name.as_str(), value)).collect();
    write(&aside.variables(), render::tfvars(&variables).as_bytes())?;

    let (component, subdir) = (&node.component, &configuration.subdir);
    let apart = aside.initialised_apart();
    let invoker_in = async |paths| {
        let context = Context::new(session, component, paths, Some(guard), reader.clone())?;
        Invoker::new(context, subdir).await
    };
    let mut invoker = invoker_in(&aside).await?;
    if !is_initialised(&invoker, &module, backend) {
        invoker = invoker_in(&apart).await?;
        initialise(&invoker, &module, backend, InitOptions::default()).await?;
    }
    invoker.pass_secret_variables(&inputs.secret, &inputs.ephemeral)?;
    let invoker = &invoker;
    let basis = collected.plan_basis(&session.call, &module)?;
    let (configuration_changed, failed) =
        compare_with_pillar(session, name, (&configuration, &store), &reader, (&basis, &record)).await?;
    let mut state_now = None;
    if invoker.context.state().is_some() || kind == DriftCheckKind::Scheduled {
        let state = state::read(invoker).await?;
        recorded_state::check(Some(&record), state.as_ref(), false, &invoker.context)?;
        state_now = state.as_ref().map(State::remembered);
        if kind == DriftCheckKind::Scheduled {
            cache_outputs(invoker, &record, state)?;
        }
    }
    let file = invoker.plan_file();
    let refresh = if node.missing_variables.is_empty() { Refresh::First } else { Refresh::Only };
    let known = KnownBaseline::of(invoker, &record.remembered())?;
    let found = plan_for_drift(invoker, &file, &basis, refresh, Some(&record), &known).await;
    // The file contains values in clear.
    let _ = std::fs::remove_file(&file);
    let mut drift_plan = found.map_err(|error| missing_variables::blame(&node, error))?;
    let inputs_changed =
        configuration.facts != basis.digest() && configuration.terraform == session.call.tool.identity();
    let state = match state_now {
        None if !drift_plan.drift.is_empty() => state::read(invoker).await?.map(|state| state.remembered()),
        state_now => state_now,
    };
    let facts = DriftFacts {
        upgraded: known.upgraded(invoker)?,
        another_apply: state.is_some_and(|state| state != record.remembered()),
        inputs_changed,
    };
    for one in &mut drift_plan.drift {
        one.cause = drift_cause(&one.evidence, &facts);
    }
    let is_confirmed = drift_plan.drift.is_empty() && !facts.upgraded.is_empty();
    let found = (&drift_plan.accepted, &drift_plan.absorbed);
    known.after_check(invoker, &record.remembered(), found, is_confirmed)?;
    let mut report = report(drift_plan, configuration_changed, &record);
    report.notes.extend(failed.map(FailedVersion::words));
    invoker.report_warnings(Some(&record), &mut report);
    let warnings = invoker.warnings_to_record(Some(&record));
    if refresh == Refresh::First && warnings != record.warnings {
        records::write_warnings(guard, paths, record, warnings).await?;
    }
    if !node.missing_variables.is_empty() {
        report.notes.push(format!(
            "the last value of {} is not stored: only changes outside of Terraform were checked",
            missing_variables::names(&node)
        ));
    }
    report.notes.extend(invoker.context.short_secrets());
    invoker.context.redactor.report(&mut report);
    remember(session, name, paths, kind, report)
}

/// The remedy for a variable whose value is not stored.
fn remedy(name: &Name, input: Input, variable: &str, value: &str) -> Words {
    let again = command("orchestrate").here().with("components", name).input(input, variable, value);
    words!["apply it again with a reference, which is recorded: ", again]
}

/// Whether the pillar differs from the applied configuration, and the failed version that it asks for again, if any.
async fn compare_with_pillar<'a>(
    session: &Session,
    name: &Name,
    (configuration, store): (&Configuration, &SnapshotStore),
    reader: &Rc<SecretReader>,
    (applied, record): (&PlanBasis, &'a Record),
) -> Result<(bool, Option<&'a FailedVersion>)> {
    let (node, module) = (&session.blueprint.nodes[name], &session.modules[name]);
    // Values that only a state or a call gives are assumed to be unchanged.
    let pillar = missing_variables::with_last(node, configuration, store);
    let collected = match missing_variables::with_nulls(pillar, module, |input, variable, value| {
        remedy(name, input, variable, value)
    }) {
        Ok(pillar) => collect_inputs(session, &pillar, reader, SecretPublishing::Yes).await,
        Err(error) => Err(error),
    };
    // The applied configuration could be planned; the pillar's cannot.
    let Ok(collected) = collected else { return Ok((true, None)) };
    let basis = collected.plan_basis(&session.call, module)?;
    let version = basis.version(&node.component.declared);
    Ok((basis != *applied, record.failed.as_ref().filter(|failed| failed.version == version)))
}

/// Stores the outputs of this state for questions that start no terraform.
fn cache_outputs(invoker: &Invoker<'_>, record: &Record, state: Option<State>) -> Result<()> {
    let state = record.with_nulls(state).unwrap_or_default();
    let hidden = state.outputs.iter().filter(|(_, output)| output.sensitive);
    let cached = CachedOutputs {
        time: clock::now(),
        outputs: shown_outputs::shown(&invoker.context.redactor, &state),
        sensitive: hidden.map(|(name, _)| name.clone()).collect(),
    };
    cached.write(&invoker.context.paths.outputs())
}

/// Copies the files beside a module's own files: the backend block and the provider lock file.
fn dress(aside: &ComponentPaths, configuration: &Configuration, store: &SnapshotStore) -> Result<()> {
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

fn report(drift_plan: DriftPlan, configuration_changed: bool, record: &Record) -> ComponentReport {
    let any = |class| drift_plan.drift.iter().any(|one| one.class == class);
    let (status, reason) = match () {
        () if any(DriftClass::Drifted) => (Status::Drifted, None),
        () if any(DriftClass::Pending) || !drift_plan.changes.outputs.is_empty() => {
            (Status::Planned, Some(Code::Pending))
        }
        () => (Status::Unchanged, None),
    };
    let mut report = ComponentReport::new(status, reason);
    report.output_changes = drift_plan.changes.outputs;
    if configuration_changed {
        report.notes.push("the pillar asks for another configuration, which is not applied yet");
    }
    if record.outcome == Status::Failed.word() {
        let note = "its last run failed: the comparison is with the last complete apply";
        report.notes.push(note);
    }
    if !drift_plan.first_look.is_empty() {
        report.notes.push(
            "first look: these values are set by no configuration, and are accepted as they are now; a later \
             change of them is drift",
        );
        if record.host != Holder::here().host {
            report.notes.push(words![
                "it is the first look on this host: the last run was on ",
                &record.host,
                ", whose baseline cannot be compared here",
            ]);
        }
    }
    report.drift = Some(Box::new(Drift {
        drift_detected: drift_plan.drift_id.is_some(),
        drift_id: drift_plan.drift_id,
        configuration_changed,
        seen: None,
        changes: drift_plan.drift,
        first_look: drift_plan.first_look,
    }));
    report
}
