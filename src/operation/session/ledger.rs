//! The journal of one run, and what the run remembers of its components.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::produced_outputs::ProducedOutputs;
use crate::decide::ChangeProgress;
use crate::error::Result;
use crate::journal::{CompletedComponent, Journal, JournalEntry};
use crate::model::Name;
use crate::operation::runtime::blocking;
use crate::report::ComponentReport;

/// A component before this run changed it, and the progress of the change.
#[derive(Clone, Debug)]
pub struct PriorState {
    pub progress: ChangeProgress,
    /// Digest of the known-good configuration at that time.
    pub known_good: Option<String>,
    /// Addresses that a plan of that configuration always changes again.
    pub perpetual_diff: BTreeSet<String>,
    /// Digest of the configuration that this run applied or tried to apply.
    pub attempted: String,
    /// The text of the state. None if there was no state.
    pub state: Option<Arc<Vec<u8>>>,
}

/// The journal of a run, and the completed components of the run that it resumes. A question has neither.
#[derive(Default)]
pub struct JournalHandle {
    pub journal: Option<Journal>,
    pub done: BTreeMap<Name, CompletedComponent>,
}

/// The journal of a run, and the results of its turns so far.
pub struct Ledger {
    journal_handle: JournalHandle,
    pub produced: RefCell<BTreeMap<Name, ProducedOutputs>>,
    /// The facts of components whose turn succeeded.
    completed: RefCell<BTreeMap<Name, CompletedComponent>>,
    /// Components that this run changed, as they were before.
    changed: RefCell<BTreeMap<Name, PriorState>>,
}

impl Ledger {
    pub fn new(journal_handle: JournalHandle) -> Self {
        Self {
            journal_handle,
            produced: RefCell::default(),
            completed: RefCell::default(),
            changed: RefCell::default(),
        }
    }

    /// The same journal without any results, for turns with other configurations.
    pub fn without_results(&self) -> Self {
        Self::new(JournalHandle { journal: self.journal_handle.journal.clone(), done: BTreeMap::new() })
    }

    /// This run is about to change `name`.
    pub fn change(&self, name: &Name, prior: PriorState) {
        self.changed.borrow_mut().insert(name.clone(), prior);
    }

    /// Records the progress of that change.
    pub fn record_progress(&self, name: &Name, progress: ChangeProgress) {
        if let Some(was) = self.changed.borrow_mut().get_mut(name) {
            was.progress = progress;
        }
    }

    pub fn changed(&self) -> BTreeMap<Name, PriorState> {
        self.changed.borrow().clone()
    }

    /// Publishes the outputs of `name` to its dependents.
    pub fn produce(&self, name: &Name, produced: ProducedOutputs) {
        self.produced.borrow_mut().insert(name.clone(), produced);
    }

    /// The result of `name` in the run that this one resumes.
    pub fn done(&self, name: &Name) -> Option<&CompletedComponent> {
        self.journal_handle.done.get(name)
    }

    pub fn reach(&self, name: &Name, done: CompletedComponent) {
        self.completed.borrow_mut().insert(name.clone(), done);
    }

    pub fn note(&self, entry: JournalEntry) -> Result<()> {
        self.journal_handle.journal.as_ref().map_or(Ok(()), |journal| journal.note(entry))
    }

    pub async fn note_durably(&self, entry: JournalEntry) -> Result<()> {
        let Some(journal) = self.journal_handle.journal.clone() else { return Ok(()) };
        blocking(move || journal.note_durably(entry)).await
    }

    /// Records the end of a component's turn. A failure to record it must not hide the result.
    pub fn note_end(&self, name: &Name, report: &ComponentReport) {
        let well = report.status.ended_well();
        let done = self.completed.borrow_mut().remove(name).filter(|_| well);
        let (status, reason) = (report.status.word().to_owned(), report.reason().to_owned());
        if let Err(error) = self.note(JournalEntry::Ended { component: name.clone(), status, reason, done }) {
            tracing::error!("{name}: {error}");
        }
    }
}
