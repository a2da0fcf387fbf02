//! What a run did, a line a step, so that whoever comes after it can tell, and go on.
//!
//! Knows the steps of a run and how they are written. Must not know how a step is done.
//! Through it passes: an [`Entry`] in, as it happens; a [`Story`] out, also of a run that died.

mod entry;
mod story;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub use entry::{Began, Done, Entry, Wish};
pub use story::Story;

use crate::error::{Error, Result};

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

    /// Appends a step, and returns once it would outlive a power cut.
    pub fn note_durably(&self, entry: Entry) -> Result<()> {
        self.append(entry, true)
    }

    /// None where no run ever began in this folder.
    pub fn story(&self) -> Result<Option<Story>> {
        match std::fs::read(&self.path) {
            Ok(text) => Ok(Story::read(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file(&self.path, "read", &error)),
        }
    }

    fn append(&self, entry: Entry, durably: bool) -> Result<()> {
        let refuse = |error: std::io::Error| Error::file(&self.path, "write", &error);
        let at = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
        let mut line =
            serde_json::to_vec(&entry::Line { at, entry }).map_err(|error| refuse(error.into()))?;
        line.push(b'\n');
        let mut file =
            OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path).map_err(refuse)?;
        // One write: a line is there as a whole, or is the last and is not read.
        file.write_all(&line).map_err(refuse)?;
        if durably {
            file.sync_data().map_err(refuse)?;
        }
        Ok(())
    }
}
