//! Runs before everything else for a component: repairs or reports what a crashed run left unfinished.

pub mod leftovers;
pub mod possible_orphans;
mod repair_state;
pub mod stale_lock;
pub mod state_copies;
mod unsaved_states;

use std::collections::{BTreeMap, BTreeSet};

use self::possible_orphans::{describe, orphans, promise, untold};
use crate::decide::{Ending, Remembered, State, Story, Suspect};
use crate::error::{Error, Result};
use crate::lock::Holder;
use crate::operation::exec::Invoker;
use crate::operation::runtime::blocking;
use crate::operation::store::records;
use crate::record::{Record, Underway};
use crate::report::{ComponentReport, Notes};
use crate::snapshot::{Snapshot, Store};
use crate::words::Words;
use crate::workdir::sweep_unfinished;

/// The findings, and the repairs that were made.
#[derive(Default)]
pub(super) struct Recovery {
    /// The interrupted apply.
    underway: Option<Underway>,
    /// An apply that was interrupted on another host: its files are on that host.
    elsewhere: Option<Underway>,
    story: Story,
    remembered: Option<Remembered>,
    /// The rendered backend of the last state. None if it is not known.
    backend: Option<String>,
    /// Possible orphans that an earlier run found, and did not report before it crashed.
    untold: Vec<Suspect>,
    suspects: Vec<Suspect>,
    notes: Notes,
}

impl Recovery {
    /// Archives unsaved states, and repairs a local state. It needs the lock.
    pub async fn open(invoker: &Invoker<'_>, record: Option<&Record>) -> Result<Self> {
        let place = invoker.context.place;
        [place.control(), &place.recovered(), &place.workdir].into_iter().for_each(sweep_unfinished);
        Store::new(place.snapshots()).sweep_unfinished();
        let elsewhere =
            invoker.context.session.records().elsewhere(&invoker.context.component.name, place).await?;
        let mut recovery =
            Self { underway: Underway::read(&place.applying())?, elsewhere, ..Self::default() };
        recovery.notes.extend(recovery.elsewhere.iter().map(|there| {
            let Underway { run_id, started, pid, host, cwd, .. } = there;
            Words::own(format!(
                "the apply of run {run_id} (since {started}, process {pid} on {host}) was interrupted, and \
                 this run now holds its lock. Resources that it may have created are listed only on {host}, \
                 in .eos/runs/{run_id}, and by the next run there; terraform ran in {}",
                cwd.display()
            ))
        }));
        let mut dump = None;
        if let Some(underway) = &recovery.underway {
            let Underway { run_id, started, pid, host, .. } = underway;
            recovery.notes.push(Words::own(format!(
                "the apply of run {run_id} (since {started}, process {pid} on {host}) was interrupted"
            )));
            match leftovers::stream(
                &invoker.context.session.call.layout,
                underway,
                &invoker.context.component.name,
            )? {
                Some(mut heard) => {
                    underway.gone.iter().for_each(|(address, id)| heard.story.gone(address, id));
                    recovery.story = heard.story;
                    let is_same = underway.recorded.as_ref().is_none_or(|was| *was == Record::mark(record));
                    if !is_same && record.is_some_and(|record| record.run_id != *run_id) {
                        recovery.story.overtake();
                    }
                    dump = heard.dump.filter(|_| !underway.archived);
                }
                None => recovery.notes.push(Words::own(format!(
                    "the folder of run {run_id} is gone, so the resources that it began to create are unknown"
                ))),
            }
        }
        if let Some(untold) = untold(&invoker.context)? {
            let run_id = &untold.run_id;
            recovery.notes.push(Words::own(format!("run {run_id} crashed before its report was written")));
            recovery.suspects = untold.suspects.clone();
            recovery.untold = untold.suspects;
        }
        let known = |state: &Remembered| !state.lineage.is_empty();
        let before = recovery.underway.as_ref().map(Underway::remembered).filter(known);
        recovery.remembered = before.or_else(|| record.map(Record::remembered).filter(known));
        let mut folders = vec![invoker.cwd()];
        folders.extend(recovery.underway.as_ref().map(|underway| underway.cwd.as_path()));
        unsaved_states::archive(place, &folders, dump.as_ref())?;
        if let (Some(underway), Some(_)) = (&mut recovery.underway, dump) {
            underway.archived = true;
            underway.write(&place.applying())?;
        }
        let was = recovery.underway.as_ref().map(|underway| &underway.backend);
        recovery.backend = was.or_else(|| record.map(|record| &record.backend)).cloned();
        if let Some(state) =
            invoker.context.state().filter(|_| recovery.backend.as_ref().is_none_or(String::is_empty))
        {
            recovery.save_waiting(invoker).await?;
            let note = repair_state::put_right(
                invoker,
                &state,
                recovery.underway.is_some(),
                recovery.remembered.as_ref(),
            )?;
            recovery.notes.extend(note);
            recovery.notes.extend(stale_lock::remove_local(place, &state)?);
        }
        Ok(recovery)
    }

    /// Whether an apply began on this host and its end was not recorded.
    pub fn is_unfinished(&self) -> bool {
        self.underway.is_some() || self.elsewhere.is_some()
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
        let digest = self.underway.as_ref().map(|underway| underway.digest.as_str());
        let notes = unsaved_states::save(invoker, self.remembered.as_ref(), digest).await?;
        self.notes.extend(notes);
        Ok(())
    }

    /// An unsaved state belongs to the old backend, not to the new one.
    pub fn refuse_to_move(&self, invoker: &Invoker<'_>, backend: Option<&str>) -> Result<()> {
        let moves = self.backend.as_ref().is_some_and(|was| was != backend.unwrap_or_default());
        match unsaved_states::waiting(invoker.context.place)?.first().filter(|_| moves) {
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
        let found = |suspect: &Suspect| {
            suspect.id.is_some()
                && instances.get(&suspect.address).is_some_and(|there| there.id == suspect.id)
        };
        let earlier = self.underway.iter().flat_map(|underway| &underway.suspects).chain(&self.untold);
        let earlier: BTreeSet<_> = earlier.filter(|suspect| !found(suspect)).cloned().collect();
        self.suspects = earlier.into_iter().collect();
        let run_id = self.underway.as_ref().map(|underway| underway.run_id.as_str()).unwrap_or_default();
        self.suspects.extend(self.story.suspects(run_id, &instances, Ending::Abrupt));
    }

    /// The next apply carries these, so that they are reported even if it crashes too.
    pub fn suspects(&self) -> &[Suspect] {
        &self.suspects
    }

    /// Adds the findings to the component's report.
    pub fn tell(self, invoker: &Invoker<'_>, mut report: ComponentReport) -> ComponentReport {
        let mut notes = self.notes;
        if !self.untold.is_empty()
            && let Err(error) = promise(&invoker.context, &self.suspects)
        {
            // They are reported once more than necessary.
            tracing::warn!("{error}");
        }
        notes.extend(describe(&self.suspects));
        notes.extend(std::mem::take(&mut report.notes));
        let mut orphans = orphans(invoker, &self.suspects);
        orphans.append(&mut report.possible_orphans);
        ComponentReport { notes, possible_orphans: orphans, ..report }
    }
}

/// The same, directly after an apply that failed. Returns what was done.
pub(super) async fn after_failure(
    invoker: &Invoker<'_>,
    heard: &leftovers::Heard,
    before: &Remembered,
) -> Result<Vec<Words>> {
    let mut underway = Underway::read(&invoker.context.place.applying())?.unwrap_or_default();
    unsaved_states::archive(invoker.context.place, &[invoker.cwd()], heard.dump.as_ref())?;
    if heard.dump.is_some() {
        underway.archived = true;
        underway.write(&invoker.context.place.applying())?;
    }
    let before = Some(before).filter(|before| !before.lineage.is_empty());
    let mut notes = unsaved_states::save(invoker, before, Some(&underway.digest)).await?;
    if let Some(state) = invoker.context.state() {
        notes.extend(repair_state::put_right(invoker, &state, true, before)?);
    }
    Ok(notes)
}

/// What an apply records before its first effect.
pub(super) async fn begin(
    invoker: &Invoker<'_>,
    snapshot: &Snapshot,
    gone: BTreeMap<String, String>,
    record: Option<&Record>,
    backend: Option<&str>,
    carried: &[Suspect],
) -> Result<()> {
    let here = Holder::here();
    let local = invoker.context.state().is_some();
    let underway = Underway {
        run_id: invoker.context.session.call.run_id.clone(),
        lineage: snapshot.lineage.clone(),
        serial: snapshot.serial,
        resources: snapshot.resources,
        gone,
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
    records::begin(invoker.context.lock, &underway).await?;
    let file = invoker.context.place.applying();
    blocking(move || underway.write(&file)).await
}
