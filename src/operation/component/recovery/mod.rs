//! Runs before everything else for a component: repairs or reports what a crashed run left unfinished.

pub mod leftovers;
pub mod possible_orphans;
mod repair_state;
pub mod stale_lock;
pub mod state_copies;
mod unsaved_states;

use std::collections::{BTreeMap, BTreeSet};

use self::possible_orphans::{describe, orphans, unreported, write_unreported};
use crate::decide::{ApplyOperations, OrphanCandidate, PlannedCreation, RecordedState, State, TerraformEnd};
use crate::error::{Error, Result};
use crate::lock::Holder;
use crate::operation::exec::Invoker;
use crate::operation::exec::context::Context;
use crate::operation::runtime::blocking;
use crate::operation::store::records;
use crate::process::boot_id;
use crate::record::{Record, UnfinishedApply};
use crate::report::{ComponentReport, Notes};
use crate::snapshot::{Snapshot, SnapshotStore};
use crate::words::Words;
use crate::workdir::sweep_unfinished;

/// The findings, and the repairs that were made.
#[derive(Default)]
pub(super) struct Recovery {
    /// The interrupted apply.
    unfinished: Option<UnfinishedApply>,
    /// An apply that was interrupted on another host: its files are on that host.
    elsewhere: Option<UnfinishedApply>,
    operations: ApplyOperations,
    remembered: Option<RecordedState>,
    /// The rendered backend of the last state. None if it is not known.
    backend: Option<String>,
    /// Possible orphans that an earlier run found, and did not report before it crashed.
    unreported: Vec<OrphanCandidate>,
    candidates: Vec<OrphanCandidate>,
    notes: Notes,
}

impl Recovery {
    /// Archives unsaved states, and repairs a local state. It needs the lock.
    pub async fn open(invoker: &Invoker<'_>, record: Option<&Record>) -> Result<Self> {
        let paths = invoker.context.paths;
        [paths.control(), &paths.recovered(), &paths.workdir].into_iter().for_each(sweep_unfinished);
        SnapshotStore::new(paths.snapshots()).sweep_unfinished();
        let elsewhere =
            invoker.context.session.records().elsewhere(&invoker.context.component.name, paths).await?;
        let unfinished = possible_orphans::unfinished(&invoker.context, record)?;
        let mut recovery = Self { unfinished, elsewhere, ..Self::default() };
        recovery.notes.extend(recovery.elsewhere.iter().map(|other| {
            let UnfinishedApply { run_id, started, pid, host, cwd, .. } = other;
            Words::own(format!(
                "the apply of run {run_id} (since {started}, process {pid} on {host}) was interrupted, and \
                 this run now holds its lock. Resources that it may have created are listed only on {host}, \
                 in .eos/runs/{run_id}, and by the next run there; terraform ran in {}",
                cwd.display()
            ))
        }));
        let mut dump = None;
        if let Some(unfinished) = &recovery.unfinished {
            let UnfinishedApply { run_id, started, pid, host, .. } = unfinished;
            recovery.notes.push(Words::own(format!(
                "the apply of run {run_id} (since {started}, process {pid} on {host}) was interrupted"
            )));
            match leftovers::stream(
                &invoker.context.session.call.layout,
                unfinished,
                &invoker.context.component.name,
            )? {
                Some(mut events) => {
                    unfinished.gone.iter().for_each(|(address, id)| events.operations.gone(address, id));
                    recovery.operations = events.operations;
                    recovery.notes.extend(after_restart(unfinished, &mut recovery.operations));
                    let is_same = unfinished.recorded.as_ref().is_none_or(|was| *was == Record::mark(record));
                    if !is_same && record.is_some_and(|record| record.run_id != *run_id) {
                        recovery.operations.overtake();
                    }
                    dump = events.dump.filter(|_| !unfinished.archived);
                }
                None => recovery.notes.push(Words::own(format!(
                    "the folder of run {run_id} is gone, so the resources that it began to create are unknown"
                ))),
            }
        }
        if let Some(untold) = unreported(&invoker.context)? {
            let run_id = &untold.run_id;
            recovery.notes.push(Words::own(format!("run {run_id} crashed before its report was written")));
            recovery.candidates = untold.suspects.clone();
            recovery.unreported = untold.suspects;
        }
        let known = |state: &RecordedState| !state.lineage.is_empty();
        let before = recovery.unfinished.as_ref().map(UnfinishedApply::remembered).filter(known);
        recovery.remembered = before.or_else(|| record.map(Record::remembered).filter(known));
        let mut folders = vec![invoker.cwd()];
        folders.extend(recovery.unfinished.as_ref().map(|unfinished| unfinished.cwd.as_path()));
        unsaved_states::archive(paths, &folders, dump.as_ref())?;
        if let (Some(underway), Some(_)) = (&mut recovery.unfinished, dump) {
            underway.archived = true;
            underway.write(&paths.applying())?;
        }
        let was = recovery.unfinished.as_ref().map(|unfinished| &unfinished.backend);
        recovery.backend = was.or_else(|| record.map(|record| &record.backend)).cloned();
        if let Some(state) =
            invoker.context.state().filter(|_| recovery.backend.as_ref().is_none_or(String::is_empty))
        {
            recovery.save_waiting(invoker).await?;
            let note = repair_state::repair_state(
                invoker,
                &state,
                recovery.unfinished.as_ref(),
                recovery.remembered.as_ref(),
            )?;
            recovery.notes.extend(note);
            recovery.notes.extend(stale_lock::remove_local(paths, &state)?);
        }
        Ok(recovery)
    }

    /// Whether an apply began on this host and its end was not recorded.
    pub fn is_unfinished(&self) -> bool {
        self.unfinished.is_some() || self.elsewhere.is_some()
    }

    /// Whether the interrupted apply may have left a state without resources.
    pub fn may_have_emptied(&self) -> bool {
        self.unfinished.as_ref().is_some_and(|unfinished| unfinished.empties)
    }

    /// Whether a record has to end an apply of another host.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// Saves archived states to a remote backend, which is initialised at this point.
    pub async fn save(&mut self, invoker: &Invoker<'_>) -> Result<()> {
        match invoker.context.state() {
            Some(_) => Ok(()),
            None => self.save_waiting(invoker).await,
        }
    }

    async fn save_waiting(&mut self, invoker: &Invoker<'_>) -> Result<()> {
        let digest = self.unfinished.as_ref().map(|unfinished| unfinished.digest.as_str());
        let notes = unsaved_states::save(invoker, self.remembered.as_ref(), digest).await?;
        self.notes.extend(notes);
        Ok(())
    }

    /// An unsaved state belongs to the old backend, not to the new one.
    pub fn refuse_to_move(&self, invoker: &Invoker<'_>, backend: Option<&str>) -> Result<()> {
        let moves = self.backend.as_ref().is_some_and(|was| was != backend.unwrap_or_default());
        match unsaved_states::waiting(invoker.context.paths)?.first().filter(|_| moves) {
            Some(file) => Err(unsaved_states::required(
                invoker,
                file,
                "the old backend has to be set in the pillar again before the state can be saved",
                false,
            )),
            None => Ok(()),
        }
    }

    /// Releases the backend's lock if its holder is proved dead. Otherwise the error gives the reason and the command
    /// for a person.
    pub async fn release(&mut self, invoker: &Invoker<'_>, locked: Error) -> Result<()> {
        self.notes.push(stale_lock::release(invoker, locked).await?);
        Ok(())
    }

    /// Compares the started changes with the state that survived.
    pub fn compare(&mut self, state: Option<&State>) {
        let instances = state.map(|state| state.instances.clone()).unwrap_or_default();
        let found = |candidate: &OrphanCandidate| {
            candidate.id.is_some()
                && instances.get(&candidate.address).is_some_and(|instance| instance.id == candidate.id)
        };
        let earlier =
            self.unfinished.iter().flat_map(|unfinished| &unfinished.suspects).chain(&self.unreported);
        let mut all: BTreeSet<_> = earlier.filter(|candidate| !found(candidate)).cloned().collect();
        let run_id =
            self.unfinished.as_ref().map(|unfinished| unfinished.run_id.as_str()).unwrap_or_default();
        all.extend(self.operations.candidates(run_id, &instances, TerraformEnd::Abrupt));
        self.candidates = all.into_iter().collect();
    }

    /// The next apply carries these, so that they are reported even if it crashes too.
    pub fn suspects(&self) -> &[OrphanCandidate] {
        &self.candidates
    }

    /// Adds the findings to the component's report.
    pub fn tell(self, invoker: &Invoker<'_>, mut report: ComponentReport) -> ComponentReport {
        let mut notes = self.notes;
        if !self.unreported.is_empty()
            && let Err(error) = write_unreported(&invoker.context, &self.candidates)
        {
            // They are reported once more than necessary.
            tracing::warn!("{error}");
        }
        notes.extend(describe(&self.candidates));
        notes.extend(std::mem::take(&mut report.notes));
        let mut orphans = orphans(invoker, &self.candidates);
        orphans.append(&mut report.possible_orphans);
        ComponentReport { notes, possible_orphans: orphans, ..report }
    }
}

/// The machine has restarted since, perhaps by a power failure. Then the list of started creations may be incomplete.
fn after_restart(unfinished: &UnfinishedApply, operations: &mut ApplyOperations) -> Option<Words> {
    if unfinished.boot_id == boot_id() || unfinished.planned.is_empty() {
        return None;
    }
    unfinished.planned.iter().for_each(|planned| operations.may_have_started(planned));
    Some(Words::own(
        "the machine has restarted since then, so the list of started creations may be incomplete: each \
         creation in the plan counts as started",
    ))
}

/// The same, directly after an apply that failed. Returns what was done.
pub(super) async fn after_failure(
    invoker: &Invoker<'_>,
    events: &leftovers::ApplyEvents,
    before: &RecordedState,
) -> Result<Vec<Words>> {
    let mut unfinished = UnfinishedApply::read(&invoker.context.paths.applying())?.unwrap_or_default();
    unsaved_states::archive(invoker.context.paths, &[invoker.cwd()], events.dump.as_ref())?;
    if events.dump.is_some() {
        unfinished.archived = true;
        unfinished.write(&invoker.context.paths.applying())?;
    }
    let before = Some(before).filter(|before| !before.lineage.is_empty());
    let mut notes = unsaved_states::save(invoker, before, Some(&unfinished.digest)).await?;
    if let Some(state) = invoker.context.state() {
        notes.extend(repair_state::repair_state(invoker, &state, Some(&unfinished), before)?);
    }
    Ok(notes)
}

/// What an apply is about to do, and what earlier ones left.
pub(super) struct ApplyStart<'a> {
    /// Objects in the state that no longer exist, by their addresses.
    pub gone: BTreeMap<String, String>,
    pub planned: Vec<PlannedCreation>,
    /// Whether it removes each resource in the state.
    pub empties: bool,
    /// Possible orphans of earlier applies.
    pub carried: &'a [OrphanCandidate],
}

/// What an apply records before its first effect.
pub(super) async fn begin(
    invoker: &Invoker<'_>,
    snapshot: &Snapshot,
    started: ApplyStart<'_>,
    record: Option<&Record>,
    backend: Option<&str>,
) -> Result<()> {
    let ApplyStart { gone, planned, empties, carried } = started;
    let here = Holder::here();
    let local = invoker.context.state().is_some();
    let unfinished = UnfinishedApply {
        run_id: invoker.context.session.call.run_id.clone(),
        lineage: snapshot.lineage.clone(),
        serial: snapshot.serial,
        resources: snapshot.resources,
        gone,
        planned,
        empties,
        backend: backend.unwrap_or_default().to_owned(),
        digest: snapshot.state.clone().filter(|_| local).unwrap_or_default(),
        started: here.since,
        pid: here.pid,
        boot_id: here.boot_id,
        host: here.host,
        cwd: invoker.cwd().to_owned(),
        archived: false,
        recorded: Some(Record::mark(record)),
        suspects: carried.to_vec(),
    };
    records::begin(invoker.context.lock, &unfinished).await?;
    let file = invoker.context.paths.applying();
    blocking(move || unfinished.write(&file)).await
}

/// Takes that back, because the apply never began. `carried` are the possible orphans of earlier applies.
pub(super) async fn withdraw(context: &Context<'_>, carried: &[OrphanCandidate]) -> Result<()> {
    records::withdraw(context.lock).await?;
    possible_orphans::keep(context, carried)?;
    possible_orphans::remove_crash_files(context)
}
