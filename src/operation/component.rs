//! One component, from its lock to its record.
//!
//! lock, materialise, init, plan to a file, policy, apply that plan, record, health, release.

use std::path::PathBuf;

use super::facts::Facts;
use super::gather::{Gathered, gather};
use super::initialise::initialise;
use super::inputs::{Pending, Produced};
use super::invoke::{CANCELLED, Invoker};
use super::kept;
use super::recover::Recovery;
use super::rollback::{Manner, Way};
use super::session::Session;
use super::stale_lock::LOCKED;
use super::state::Pulled;
use super::{apply, blocked, plan, records, remediate, state};
use crate::change::Changes;
use crate::decide::{Consent, State, judge};
use crate::error::{Error, Result};
use crate::journal::Entry;
use crate::lock::{Guard, Holder};
use crate::model::{Name, Node};
use crate::record::Record;
use crate::render;
use crate::report::{ComponentReport, Status};
use crate::view::progress::Stage;
use crate::workdir::{Manifest, Place, ensure_private, materialise, remove};

/// What is wanted of every component of a run.
#[derive(Clone, Debug)]
pub struct Intent {
    pub destroy: bool,
    pub consent: Consent,
    pub act: Act,
    pub migrate_backend: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Apply the plan that was just made.
    Apply,
    /// Show what would change.
    Preview,
    /// Show it, and keep the plans in this folder.
    Keep(PathBuf),
    /// Apply the plans that are kept in this folder, and make none.
    ApplyKept(PathBuf),
    /// Put the module into its workdir and initialise it.
    Prepare,
    /// Apply the plan that was just made, or show it, where it finds this drift and no other.
    Remediate { drift_id: String, apply: bool },
    /// Say whether the plans that are kept in this folder could be applied.
    ShowKept(PathBuf),
    /// Apply the plan that was just made, where it is a way back that needs nobody's approval.
    GoBack(Way),
    /// Somebody has looked at a way back that failed.
    Acknowledge,
}

impl Act {
    fn way(&self) -> Option<&Way> {
        match self {
            Self::GoBack(way) => Some(way),
            _ => None,
        }
    }

    pub fn changes_things(&self) -> bool {
        match self {
            Self::Apply | Self::ApplyKept(_) | Self::Remediate { apply: true, .. } => true,
            Self::GoBack(way) => way.manner != Manner::Shown,
            _ => false,
        }
    }
}

/// Runs one component; whatever happens becomes its report.
pub async fn run(session: &Session, name: &Name, intent: &Intent) -> ComponentReport {
    let report = match locked(session, name, intent).await {
        Ok(report) => report,
        Err(error) => ended(error.of(name)),
    };
    session.note_end(name, &report);
    report
}

pub fn ended(error: Error) -> ComponentReport {
    let failed = ComponentReport::failed(error);
    match failed.reason == CANCELLED {
        true => ComponentReport { status: Status::Cancelled, ..failed },
        false => failed,
    }
}

async fn locked(session: &Session, name: &Name, intent: &Intent) -> Result<ComponentReport> {
    let node = &session.blueprint.nodes[name];
    let place = session.layout.place(name);
    session.teller.stage(name, Stage::Preparing);
    ensure_private(place.control())?;
    ensure_private(&place.workdir)?;
    let holder = Holder {
        run_id: session.run_id.clone(),
        jid: session.identity.jid.clone(),
        minion: session.identity.minion.clone(),
        user: session.identity.user.clone(),
        environment: session.blueprint.environment.to_string(),
        component: name.to_string(),
        operation: session.operation.clone(),
        ..Holder::here()
    };
    let timeout = session.blueprint.settings.lock_timeout;
    let guard = session.locks.acquire(&place.lock(), &holder, timeout, &session.cancel).await?;
    let outcome = match session.note(Entry::Started { component: name.clone() }) {
        Ok(()) => work(session, node, &place, &guard, intent).await,
        Err(error) => Err(error),
    };
    // Terraform is reaped and its process group swept: nobody else may keep it.
    if let Err(error) = guard.release().await {
        tracing::warn!("{error}");
    }
    outcome
}

async fn work(
    session: &Session,
    node: &Node,
    place: &Place,
    guard: &Guard,
    intent: &Intent,
) -> Result<ComponentReport> {
    let component = &node.component;
    let subdir = &session.modules[&component.name].subdir;
    let record = records::read(session, component, place).await?;
    let mut invoker = Invoker::new(session, component, place, subdir, Some(guard))?;
    if let Some(report) = blocked::check(&invoker, record.as_ref(), intent).await? {
        return Ok(report);
    }
    let mut recovery = Recovery::open(&invoker, record.as_ref()).await?;
    let outcome = steps(node, &mut invoker, guard, intent, record, &mut recovery).await;
    let report = outcome.unwrap_or_else(|error| ended(error.of(&component.name)));
    let report = match &intent.act {
        Act::GoBack(way) => blocked::block(&invoker, way, report).await,
        _ => report,
    };
    Ok(redacted(&invoker, recovery.tell(&invoker, report)))
}

/// What is told beside the plan: an address, an id, and so a command may hold what the module did not mark.
fn redacted(invoker: &Invoker<'_>, mut report: ComponentReport) -> ComponentReport {
    let text = |text: &mut String| *text = invoker.redactor.text(text);
    report.notes.iter_mut().for_each(text);
    for orphan in &mut report.possible_orphans {
        text(&mut orphan.address);
        text(&mut orphan.import);
        orphan.id.iter_mut().for_each(text);
    }
    if let Some(error) = &mut report.error {
        text(&mut error.message);
        text(&mut error.remedy);
        invoker.redactor.value(&mut error.details);
    }
    report
}

async fn steps(
    node: &Node,
    invoker: &mut Invoker<'_>,
    guard: &Guard,
    intent: &Intent,
    record: Option<Record>,
    recovery: &mut Recovery,
) -> Result<ComponentReport> {
    let (session, place, component) = (invoker.session, invoker.place, invoker.component);
    let name = &component.name;
    let module = &session.modules[name];
    let mut manifest = Manifest::open(place)?;

    if intent.destroy
        && !recovery.is_unfinished()
        && nothing_left(record.as_ref(), &place.state(), component.backend.is_local())
    {
        return Ok(ComponentReport::new(Status::Unchanged, "nothing_there"));
    }
    let Gathered { inputs, backend } = gather(session, node).await?;
    let backend = backend.as_deref();
    if !inputs.pending.is_empty() {
        session.produce(name, Produced { pending: Pending::All, ..Produced::default() });
        let mut report = ComponentReport::new(Status::PendingInputs, "reads_pending_outputs");
        report.notes.push(format!("reads {}, which a pending change decides", inputs.pending.join(", ")));
        return Ok(report);
    }
    invoker.hand_over(&inputs.secret)?;
    let invoker = &*invoker;
    let facts = Facts::of(invoker, module, backend, &inputs)?;
    let variables =
        render::tfvars(&inputs.known.iter().map(|(name, value)| (name.as_str(), value)).collect());
    let run = |before: Option<&Pulled>, recovery: &Recovery, destroy: bool| apply::Run {
        invoker,
        node,
        record: record.as_ref(),
        before: before.map(|pulled| pulled.state.remembered()).unwrap_or_default(),
        text: before.map(|pulled| pulled.text.clone()),
        inputs: &inputs,
        variables: &variables,
        held: before.map(|pulled| pulled.state.ids()).unwrap_or_default(),
        carried: recovery.suspects().to_vec(),
        elsewhere: recovery.is_elsewhere(),
        backend,
        facts: &facts,
        destroy,
        proves: !destroy && !intent.destroy && intent.act.changes_things(),
        back: intent.act.way(),
        partly: false,
    };
    if let Some(done) = session.done(name).filter(|_| !recovery.is_unfinished()) {
        let state = state::read(invoker).await?.unwrap_or_default();
        let run = run(None, recovery, false);
        if *done == run.done(&state) {
            let report = ComponentReport::new(Status::Unchanged, "done_before");
            let applied = record.as_ref().and_then(|record| record.applied.as_deref());
            return Ok(run.settle(report, state, applied).await);
        }
    }

    recovery.refuse_to_move(invoker, backend)?;
    if let Act::ApplyKept(folder) | Act::ShowKept(folder) = &intent.act {
        recovery.save(invoker).await?;
        let pulled = state::pull(invoker).await?;
        let before = pulled.as_ref().map(|pulled| &pulled.state);
        recovery.compare(before);
        let plan = kept::open(folder, name, &facts, before)?;
        if matches!(intent.act, Act::ShowKept(_)) {
            return Ok(plan::planned(plan.changes));
        }
        let apply = async |manifest: &mut Manifest, recovery: &Recovery| {
            let run = run(pulled.as_ref(), recovery, plan.destroy);
            run.apply(guard.fence().await?, manifest, &plan.file, plan.changes.clone()).await
        };
        let mut report = apply(&mut manifest, recovery).await?;
        if let Some(locked) = report.error.take_if(|error| error.code == LOCKED) {
            recovery.release(invoker, locked).await?;
            report = apply(&mut manifest, recovery).await?;
        }
        remove(&place.locking())?;
        return Ok(report);
    }

    let reconfigure = super::migrate::prepare(invoker, module, record.as_ref(), backend, intent).await?;
    materialise(place, module, backend, &variables, &mut manifest)?;
    initialise(invoker, module, backend, reconfigure).await?;
    let moved = super::migrate::finish(invoker, reconfigure).await?;
    recovery.save(invoker).await?;
    if intent.act == Act::Prepare {
        return Ok(ComponentReport::new(Status::Unchanged, "prepared"));
    }

    let pulled = state::pull(invoker).await?;
    let before = pulled.as_ref().map(|pulled| &pulled.state);
    recovery.compare(before);
    match (moved, record.as_ref()) {
        (true, Some(record)) => super::migrate::verify(record, before, invoker)?,
        _ => state::check(record.as_ref(), before, intent.destroy, invoker)?,
    }
    if let Some(way) = intent.act.way() {
        way.refuse_moved(session, record.as_ref(), before)?;
    }
    let run = run(pulled.as_ref(), recovery, intent.destroy);
    if intent.destroy && before.is_none_or(State::is_empty) {
        return run.unchanged(before.cloned().unwrap_or_default(), "nothing_there").await;
    }

    let file = match &intent.act {
        Act::Keep(folder) => kept::plan_file(folder, name)?,
        _ => invoker.plan_file(),
    };
    let changes = match planned(invoker, &file, intent, &facts).await {
        Err(locked) if locked.code == LOCKED => {
            recovery.release(invoker, locked).await?;
            planned(invoker, &file, intent, &facts).await?
        }
        planned => planned?,
    };
    // The lock could be had: what tells of one that a dead terraform held has served.
    remove(&place.locking())?;
    let Some(changes) = changes else {
        let _ = std::fs::remove_file(&file);
        let reason = if matches!(intent.act, Act::Remediate { .. }) { "nothing_to_put_right" } else { "" };
        return run.unchanged(before.cloned().unwrap_or_default(), reason).await;
    };
    if let Some(way) = intent.act.way() {
        return way.go(run, guard, &mut manifest, &file, changes).await;
    }
    let verdict = judge(&component.policy, &changes, intent.consent);
    let changes = plan::redacted(invoker, changes);
    if let Err(blocked) = verdict {
        let _ = std::fs::remove_file(&file);
        session.produce(name, pending(before, &changes));
        return Ok(plan::blocked(changes, blocked, name));
    }
    match &intent.act {
        Act::Apply | Act::Remediate { apply: true, .. } => {
            let report = run.apply(guard.fence().await?, &mut manifest, &file, changes).await;
            let _ = std::fs::remove_file(&file);
            report
        }
        act => {
            match act {
                Act::Keep(folder) => {
                    kept::keep(folder, name, &facts, before, &changes, intent.destroy)?;
                }
                _ => drop(std::fs::remove_file(&file)),
            }
            session.produce(name, pending(before, &changes));
            Ok(plan::planned(changes))
        }
    }
}

/// None: there is nothing to do.
async fn planned(
    invoker: &Invoker<'_>,
    file: &std::path::Path,
    intent: &Intent,
    facts: &Facts,
) -> Result<Option<Changes>> {
    match &intent.act {
        Act::Remediate { drift_id, .. } => remediate::plan(invoker, file, facts, drift_id).await,
        _ => plan::plan(invoker, file, intent).await,
    }
}

/// Whether there is surely nothing to destroy; then its inputs, which may be gone too, are not needed.
fn nothing_left(record: Option<&Record>, state: &std::path::Path, local: bool) -> bool {
    match record {
        Some(record) => record.outcome == Status::Destroyed.word(),
        None => local && !state.exists(),
    }
}

/// Today's outputs, and which of them the plan would change.
fn pending(before: Option<&State>, changes: &Changes) -> Produced {
    Produced {
        outputs: before.map(|state| state.outputs.clone()).unwrap_or_default(),
        pending: match changes.outputs.is_empty() {
            true => Pending::None,
            false => Pending::Some(changes.outputs.keys().cloned().collect()),
        },
    }
}
