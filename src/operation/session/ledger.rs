//! The journal of one run, and what the run remembers of its components.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::machines::KnownMachines;
use super::produced_outputs::{PendingOutputs, ProducedOutputs};
use super::rotations::Rotations;
use crate::decide::ChangeProgress;
use crate::error::Result;
use crate::journal::{CompletedComponent, Journal, JournalEntry};
use crate::model::{Name, OutputRef};
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

/// The journal of a run once it has begun, and the completed components of the run that it resumes. A question has
/// neither.
#[derive(Default)]
pub struct JournalHandle {
    journal: RefCell<Option<Journal>>,
    pub done: BTreeMap<Name, CompletedComponent>,
}

impl JournalHandle {
    /// Of a run that continues one which has completed these.
    pub fn resuming(done: BTreeMap<Name, CompletedComponent>) -> Self {
        Self { done, ..Self::default() }
    }
}

/// The journal of a run, and the results of its turns so far.
pub struct Ledger {
    journal_handle: JournalHandle,
    pub produced: RefCell<BTreeMap<Name, ProducedOutputs>>,
    /// In a rollback: the outputs that a preview shows as pending, because the plan of their component changes them.
    unforeseen: RefCell<BTreeMap<Name, PendingOutputs>>,
    /// The facts of components whose turn succeeded.
    completed: RefCell<BTreeMap<Name, CompletedComponent>>,
    /// Components that this run changed, as they were before.
    changed: RefCell<BTreeMap<Name, PriorState>>,
    /// What the plans of this run lead to.
    pub machines: KnownMachines,
    /// Also for turns with other configurations.
    pub rotations: Rc<Rotations>,
}

impl Ledger {
    pub fn new(journal_handle: JournalHandle) -> Self {
        Self {
            rotations: Rc::default(),
            machines: KnownMachines::default(),
            journal_handle,
            produced: RefCell::default(),
            unforeseen: RefCell::default(),
            completed: RefCell::default(),
            changed: RefCell::default(),
        }
    }

    /// The same journal and rotations without any results, for turns with other configurations.
    pub fn without_results(&self) -> Self {
        let journal = self.journal_handle.journal.clone();
        let rotations = self.rotations.clone();
        Self { rotations, ..Self::new(JournalHandle { journal, done: BTreeMap::new() }) }
    }

    /// From here on, every step is noted.
    pub fn begin(&self, journal: Journal) {
        self.journal_handle.journal.replace(Some(journal));
    }

    /// This run is about to change `name`. If it was about to before, the first call counts.
    pub fn change(&self, name: &Name, prior: PriorState) {
        self.changed.borrow_mut().entry(name.clone()).or_insert(prior);
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

    /// The plan of `name` changes these outputs. The first call counts.
    pub fn changes_outputs(&self, name: &Name, outputs: PendingOutputs) {
        self.unforeseen.borrow_mut().entry(name.clone()).or_insert(outputs);
    }

    /// Whether a preview could not know this output.
    pub fn is_unforeseen(&self, output: &OutputRef) -> bool {
        self.unforeseen.borrow().get(&output.component).is_some_and(|outputs| outputs.holds(&output.output))
    }

    /// The result of `name` in the run that this one resumes.
    pub fn done(&self, name: &Name) -> Option<&CompletedComponent> {
        self.journal_handle.done.get(name)
    }

    pub fn reach(&self, name: &Name, done: CompletedComponent) {
        self.completed.borrow_mut().insert(name.clone(), done);
    }

    pub fn note(&self, entry: JournalEntry) -> Result<()> {
        self.journal_handle.journal.borrow().as_ref().map_or(Ok(()), |journal| journal.note(entry))
    }

    pub async fn note_durably(&self, entry: JournalEntry) -> Result<()> {
        let journal = self.journal_handle.journal.borrow().clone();
        let Some(journal) = journal else { return Ok(()) };
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
