//! The journal of a run: one line for each step, so that later runs can see what happened, and resume it.
//!
//! This room knows the steps of a run and how they are written. It must not know how a step is done.
//! In: each [`Entry`] when it happens. Out: a [`Story`], even of a run that crashed.

mod entry;
mod story;

use std::path::{Path, PathBuf};

pub use entry::{Began, Done, Entry, Kind};
pub use story::Story;

use crate::error::Result;
use crate::workdir::{append_line, read_ours};

/// The operation name of a run that repairs drift.
pub const REMEDIATE: &str = "remediate";

/// One run's journal: `journal.jsonl` in its folder, 0600.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    pub fn of(run: &Path) -> Self {
        Self { path: run.join("journal.jsonl") }
    }

    /// Appends a step.
    pub fn note(&self, entry: Entry) -> Result<()> {
        self.append(entry, false)
    }

    /// Appends a step. Returns after the step is safe against a power failure.
    pub fn note_durably(&self, entry: Entry) -> Result<()> {
        self.append(entry, true)
    }

    /// None if no run ever began in this folder.
    pub fn story(&self) -> Result<Option<Story>> {
        let text = read_ours(&self.path, "move the file away; Eos then neither shows nor resumes this run")?;
        Ok(text.and_then(|text| Story::read(&text)))
    }

    fn append(&self, entry: Entry, durably: bool) -> Result<()> {
        let at = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
        append_line(&self.path, &entry::Line { at, entry }, durably)
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
        journal.note(Entry::Began(Box::new(Began::new(Holder::here(), "", Kind::Apply, [].into())))).unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&journal.path).unwrap();
        std::io::Write::write_all(&mut file, b"{\"at\": \"2026").unwrap();
        journal.note_durably(Entry::Applying { component: net.clone(), snapshot_id: None }).unwrap();
        let finished = Entry::Finished { result: Some(false), components: [].into(), error: None };
        journal.note(finished).unwrap();
        let story = journal.story().unwrap().unwrap();
        assert!(story.applying.contains(&net) && story.finished.is_some());
        assert_eq!(std::fs::read_to_string(&journal.path).unwrap().lines().count(), 4);
    }
}
