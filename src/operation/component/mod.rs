//! One component, from its lock to its report.

mod apply;
pub mod approval;
mod cost;
pub mod data_at_risk;
pub mod drift;
pub mod drift_baseline;
pub mod health;
mod hooks;
pub mod inputs;
mod migrate_backend;
mod needs_acknowledge;
pub mod plan;
pub mod recorded_state;
mod recovery;
pub mod registrations;
pub mod reports;
mod request_share;
mod salt;
pub mod shown_outputs;
mod turn;
mod value_path;

use std::cell::Cell;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;

use self::inputs::{SecretPublishing, collect_inputs, given_secrets, missing_variables, task_secrets};
use self::recovery::Recovery;
use self::reports::ended;
use self::turn::Turn;
use crate::error::{Code, Result};
use crate::journal::JournalEntry;
use crate::lock::{Holder, LockGuard, Waiting};
use crate::model::{Name, Node};
use crate::operation::exec::Invoker;
use crate::operation::exec::context::Context;
use crate::operation::intent::{Intent, Mode, What};
use crate::operation::rotation;
use crate::operation::session::Session;
use crate::operation::session::call_context::CallContext;
use crate::operation::session::produced_outputs::ProducedOutputs;
use crate::operation::store::saved_plans::SavedPlans;
use crate::record::Record;
use crate::render;
use crate::report::{ComponentReport, Notes, Status, reads_pending};
use crate::view::progress::Stage;
use crate::words::words;
use crate::workdir::{ComponentPaths, Layout, Manifest, ensure_lasting};

/// Runs one component. Every result, also an error, becomes its report.
pub(super) async fn run(session: &Session, name: &Name, intent: &Intent) -> ComponentReport {
    let report = locked(session, name, intent).await.unwrap_or_else(|error| ended(error.of(name)));
    session.ledger.note_end(name, &report);
    let deployment_id = session.blueprint.nodes[name].deployment_id.clone();
    ComponentReport { deployment_id: Some(deployment_id), ..report }
}

/// Plans a component that is not part of the run, because another one reads its outputs: they are produced as they
/// would be after its pending change. Its report is only for that reader.
pub(super) async fn plan_outputs(session: &Session, name: &Name) -> ComponentReport {
    session.call.channel.mute(name);
    let intent = Intent::new(What::Configuration, Mode::PlanOutputs);
    let mut report = locked(session, name, &intent).await.unwrap_or_else(|error| ended(error.of(name)));
    if !session.ledger.produced.borrow().contains_key(name) {
        session.ledger.produce(name, ProducedOutputs::all_pending());
        let reason = report.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
        report.notes.put_first(words!["its pending changes are not known: ", reason]);
    }
    report
}

async fn locked(session: &Session, name: &Name, intent: &Intent) -> Result<ComponentReport> {
    let node = &session.blueprint.nodes[name];
    let step = node.component.step.as_ref();
    if step.is_some()
        && let Some(report) = salt::left_alone(name, intent)
    {
        return Ok(report);
    }
    let own = session.call.layout.component(name)?;
    let paths = if intent.is_of_branch() { own.for_branch() } else { own };
    session.call.channel.stage(name, Stage::Preparing);
    ensure_lasting(paths.control())?;
    if step.is_none() {
        ensure_lasting(&paths.workdir)?;
    }
    let holder = session.holder(name);
    let timeout = session.blueprint.settings.lock_timeout;
    let guard = wait_for_lock(session, name, &paths, &holder, timeout).await?;
    let deployment_id = node.deployment_id.clone();
    tracing::info!("{name}: {} of deployment {deployment_id}", session.call.operation);
    let started = JournalEntry::Started { component: name.clone(), deployment_id };
    let outcome = match if intent.is_reported() { session.ledger.note(started) } else { Ok(()) } {
        Ok(()) => match step {
            Some(step) => salt::run(session, node, step, &paths, &guard, intent).await,
            None => work(session, node, &paths, &guard, intent).await,
        },
        Err(error) => Err(error),
    };
    let mut report = outcome.unwrap_or_else(|error| ended(error.of(name)));
    if guard.regained() > 0 {
        report
            .notes
            .push("its lock was lost and acquired again before anybody else had it: look at Consul's log");
    }
    // Terraform has ended and its process group is gone: nobody else may keep the lock.
    if let Err(error) = guard.release().await {
        tracing::warn!(repeated = true, "{error}");
        report.notes.push(error.message);
    }
    Ok(report)
}

/// While it waits, the terminal and the bus say for whom and since when.
async fn wait_for_lock(
    session: &Session,
    name: &Name,
    paths: &ComponentPaths,
    holder: &Holder,
    timeout: Duration,
) -> Result<LockGuard> {
    let CallContext { channel, locks, cancel, .. } = &*session.call;
    let has_waited = Cell::new(false);
    let report = |holder: &Holder| {
        has_waited.set(true);
        channel.stage(name, Stage::WaitingForLock { holder: json!(holder) });
    };
    let guard =
        locks.acquire_reporting(&paths.lock(), holder, timeout, cancel, &mut Waiting::new(&report)).await?;
    if has_waited.get() {
        channel.stage(name, Stage::Preparing);
    }
    Ok(guard)
}

async fn work(
    session: &Session,
    node: &Node,
    paths: &ComponentPaths,
    guard: &LockGuard,
    intent: &Intent,
) -> Result<ComponentReport> {
    let component = &node.component;
    let subdir = &session.modules[&component.name].subdir;
    let record = session.records().read(component, paths).await?;
    let reader = session.call.reading();
    let context = Context::new(session, component, paths, Some(guard), reader)?;
    let mut invoker = Invoker::new(context, subdir).await?;
    if intent.is_of_branch() && paths.applying().exists() {
        let mut report = ComponentReport::new(Status::Skipped, Code::UnfinishedApply);
        report
            .notes
            .push("an apply was interrupted here: the next run of the environment itself recovers it");
        return Ok(report);
    }
    if intent.what == What::Acknowledge {
        return needs_acknowledge::acknowledge(&invoker.context, record.as_ref()).await;
    }
    if intent.changes_things()
        && let Some(report) = needs_acknowledge::refuse(&invoker.context, record.as_ref())
    {
        return Ok(report);
    }
    let opened = match intent.is_of_branch() {
        // Another configuration repairs and saves nothing.
        true => Ok(Recovery::default()),
        false => Recovery::open(&invoker, record.as_ref()).await,
    };
    let mut recovery = opened.map_err(|mut error| {
        invoker.context.redactor.error(&mut error);
        error
    })?;
    let mut notes = Vec::new();
    let outcome = begin(node, &mut invoker, guard, intent, record.as_ref(), &mut recovery, &mut notes).await;
    let mut report = outcome.unwrap_or_else(|error| ended(error.of(&component.name)));
    if intent.is_reported() {
        report.notes.extend(node.interface.notes.iter().cloned());
    } else {
        report.notes = Notes::default();
    }
    report.notes.extend(notes);
    report.notes.extend(invoker.waits.take());
    let is_of_branch = intent.is_of_branch() && report.status == Status::Planned;
    if is_of_branch && record.is_none() && component.backend.is_local() && !paths.state().exists() {
        report.notes.push(format!(
            "its state is a local file, and {} does not exist: all of it is planned as new",
            paths.state().display()
        ));
    }
    let stays = report.status == Status::Unchanged && report.reason == Some(Code::DataKept);
    let is_gone = report.status == Status::Destroyed
        || (intent.destroys() && report.status == Status::Unchanged && !stays);
    if is_gone && intent.changes_things() {
        report.notes.extend(given_secrets::withdraw(&invoker.context).await);
    }
    invoker.report_warnings(record.as_ref(), &mut report);
    // The following steps store this report and send it to others.
    let mut report = recovery.tell(&invoker, report);
    invoker.context.redactor.report(&mut report);
    let mut report = match intent.rollback_step() {
        Some(step) => needs_acknowledge::block(&invoker.context, step, report).await,
        None => report,
    };
    if intent.changes_things() && !stays {
        report = hooks::after(&invoker.context, intent.destroys(), report).await;
    }
    report.notes.extend(invoker.context.short_secrets());
    invoker.context.redactor.report(&mut report);
    Ok(report)
}

/// Collects the inputs of the turn and runs it. `notes` gets what was done before the turn began, however it ends.
async fn begin(
    node: &Node,
    invoker: &mut Invoker<'_>,
    guard: &LockGuard,
    intent: &Intent,
    record: Option<&Record>,
    recovery: &mut Recovery,
    notes: &mut Vec<String>,
) -> Result<ComponentReport> {
    let (session, paths, component) =
        (invoker.context.session, invoker.context.paths, invoker.context.component);
    let mut manifest = Manifest::open(paths)?;
    if intent.destroys()
        && !recovery.is_unfinished()
        && nothing_left(record, &paths.state(), component.backend.is_local())
    {
        return Ok(ComponentReport::new(Status::Unchanged, Code::NothingThere));
    }
    let destroys = destroys(&session.call.layout, intent, &component.name)?;
    let node = &*match intent.is_reported() {
        true => missing_variables::supply(session, node, record, destroys).await?,
        false => missing_variables::supply_last(session, node, record).await?,
    };
    if !node.missing_variables.is_empty() {
        let lacks = missing_variables::names(node);
        notes.push(format!("it is destroyed with null for {lacks}: the last value is not stored"));
    }
    let publishing = SecretPublishing::unless(destroys);
    let mut collected = collect_inputs(session, node, &invoker.context.reader, publishing).await?;
    if collected.task_secrets.is_unmade() && intent.changes_things() {
        notes
            .extend(task_secrets::generate(&session.call.secrets, component, &invoker.context.reader).await?);
        collected = collect_inputs(session, node, &invoker.context.reader, publishing).await?;
    }
    if intent.changes_things() && publishing == SecretPublishing::Yes {
        let others = rotation::notice(session, component, record, &invoker.context.reader).await;
        others.iter().for_each(|value| {
            invoker.context.hide("a secret that is being rotated", &value.expose_secret().into());
        });
    }
    let inputs = &collected.inputs;
    if !inputs.pending.is_empty() {
        session.ledger.produce(&component.name, ProducedOutputs::all_pending());
        let mut report = ComponentReport::new(Status::PendingInputs, Code::ReadsPendingOutputs);
        report.notes.push(reads_pending(&inputs.pending));
        report.pending_outputs.clone_from(&inputs.pending);
        return Ok(report);
    }
    invoker.pass_secret_variables(&inputs.secret, &inputs.ephemeral)?;
    let task_secrets = &collected.task_secrets;
    match task_secrets.is_empty() {
        true => given_secrets::hide(&mut invoker.context).await,
        false => {
            task_secrets
                .secrets
                .iter()
                .for_each(|secret| invoker.context.hide("a secret of its tasks", secret));
            invoker.context.has_unreadable_secrets = task_secrets.has_unreadable_secrets;
        }
    }
    let module = &session.modules[&component.name];
    let known = inputs.known.iter().map(|(name, value)| (name.as_str(), value));
    let turn = Turn {
        node,
        invoker,
        guard,
        intent,
        record,
        module,
        basis: &collected.plan_basis(&session.call, module)?,
        variables: &render::tfvars(&known.collect()),
        inputs,
        task_secrets,
        backend: collected.backend.as_deref(),
    };
    turn.take(recovery, &mut manifest, notes).await
}

/// Whether there is certainly nothing to destroy. Then its inputs, which may be gone too, are not needed.
fn nothing_left(record: Option<&Record>, state: &std::path::Path, local: bool) -> bool {
    match record {
        Some(record) => record.outcome == Status::Destroyed.word(),
        None => local && !state.exists(),
    }
}

/// Whether this component is destroyed. A saved plan says so itself.
fn destroys(layout: &Layout, intent: &Intent, component: &Name) -> Result<bool> {
    match intent.plan_id() {
        Some(plan_id) => Ok(SavedPlans::new(layout, plan_id).of(component).read()?.destroy),
        None => Ok(intent.destroys()),
    }
}
