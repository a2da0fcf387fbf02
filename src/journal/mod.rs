//! The journal of a run: one line for each step, so that later runs can see what happened, and resume it.
//!
//! This room knows the steps of a run and how they are written. It must not know how a step is done.
//! In: each [`JournalEntry`] when it happens. Out: a [`RunHistory`], even of a run that crashed.

mod entry;
mod run_history;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use entry::{
    ACCEPT_DRIFT, CallOptions, CallValues, CompletedComponent, JournalEntry, Kind, REMEDIATE, ROLLBACK,
    ROTATE, RunOrder, RunStart, STATE_EDITS,
};
pub use run_history::{NotResumable, RunHistory};

use crate::error::Result;
use crate::workdir::{append_line, read_ours, sync_folder};

/// One run's journal: `journal.jsonl` in its folder, 0600.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
    /// Whether the name of the file is safe against a power failure.
    is_lasting: Arc<AtomicBool>,
}

impl Journal {
    pub fn of(run: &Path) -> Self {
        Self { path: run.join("journal.jsonl"), is_lasting: Arc::default() }
    }

    /// Appends a step.
    pub fn note(&self, entry: JournalEntry) -> Result<()> {
        self.append(entry, false)
    }

    /// Appends a step. Returns after the step is safe against a power failure.
    pub fn note_durably(&self, entry: JournalEntry) -> Result<()> {
        self.append(entry, true)?;
        // Once for each journal. A run without an apply needs no sync.
        if !self.is_lasting.load(Ordering::Relaxed) {
            self.path.ancestors().skip(1).take(2).try_for_each(sync_folder)?;
            self.is_lasting.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// None if no run ever began in this folder.
    pub fn history(&self) -> Result<Option<RunHistory>> {
        let text = read_ours(&self.path, "move the file away; Eos then neither shows nor resumes this run")?;
        Ok(text.and_then(|text| RunHistory::read(&text)))
    }

    fn append(&self, entry: JournalEntry, durably: bool) -> Result<()> {
        let at = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
        append_line(&self.path, &entry::JournalLine { at, entry }, durably)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::Holder;
    use crate::model::Name;

    #[test]
    fn an_incomplete_line_does_not_destroy_the_lines_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::of(folder.path());
        let net = Name::new("net").unwrap();
        journal
            .note(JournalEntry::Began(Box::new(RunStart::new(Holder::here(), "", Kind::Apply, [].into()))))
            .unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&journal.path).unwrap();
        std::io::Write::write_all(&mut file, b"{\"at\": \"2026").unwrap();
        journal.note_durably(JournalEntry::Applying { component: net.clone(), snapshot_id: None }).unwrap();
        let finished = JournalEntry::Finished { result: Some(false), components: [].into(), error: None };
        journal.note(finished).unwrap();
        let history = journal.history().unwrap().unwrap();
        assert!(history.applying.contains(&net) && history.finished.is_some());
        assert_eq!(std::fs::read_to_string(&journal.path).unwrap().lines().count(), 4);
    }
}
