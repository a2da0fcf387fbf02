//! States that terraform could not save: archived first, then restored, or a person is asked to act.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::stale_lock;
use crate::decide::{self, RecordedState, StateComparison, StateFile, StateVersion, UnsavedStateAction};
use crate::digest::sha256;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::exec::{Invoker, manual_commands, state};
use crate::terraform;
use crate::words::{Words, words};
use crate::workdir::{self, ComponentPaths, ensure_lasting, ids, next_id, remove, replace, retain_newest};

/// Terraform writes an unsaved state to this file in its working directory.
const ERRORED: &str = "errored.tfstate";
/// Suffixes in the archive: unsaved states, saved states, and replaced states.
const WAITING: &str = "-unsaved.tfstate";
const SAVED: &str = "-saved.tfstate";
const REPLACED: &str = "-replaced.tfstate";

/// Number of archived files to keep, in addition to the unsaved states.
const KEPT: usize = 10;

/// A push over a network may fail once and succeed the next time.
const ATTEMPTS: usize = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// Archives the `errored.tfstate` of these folders, and a state from a stream.
pub(super) fn archive(paths: &ComponentPaths, folders: &[&Path], dump: Option<&Value>) -> Result<()> {
    for path in folders.iter().map(|folder| folder.join(ERRORED)) {
        // A folder with this name explains why terraform wrote the state to its stream.
        if !path.is_file() {
            continue;
        }
        if let Some(text) = workdir::read(&path)? {
            // On a full disk terraform leaves this file empty or truncated, and writes the state to its stream.
            let is_torn = text.is_empty() || (dump.is_some() && StateVersion::parse(&text).is_err());
            if !is_torn {
                keep(paths, WAITING, &text)?;
            }
            remove(&path)?;
        }
    }
    match dump {
        Some(dump) => keep(paths, WAITING, dump.to_string().as_bytes()).map(drop),
        None => Ok(()),
    }
}

/// The content of a state file before it was replaced.
pub(super) fn keep_replaced(paths: &ComponentPaths, text: &[u8]) -> Result<PathBuf> {
    keep(paths, REPLACED, text)
}

/// The file is complete and on disk when the function returns.
fn keep(paths: &ComponentPaths, end: &str, text: &[u8]) -> Result<PathBuf> {
    let folder = paths.recovered();
    ensure_lasting(&folder)?;
    let path = folder.join(format!("{}{end}", next_id(ids(&folder))));
    replace(&path, text)?;
    retain_newest(&folder, KEPT, |file| file == path || file.to_string_lossy().ends_with(WAITING));
    Ok(path)
}

fn files(folder: &Path, end: &str) -> Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::file(folder, "read the folder", error))?.path();
        if path.to_string_lossy().ends_with(end) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Unsaved states in the archive, oldest first.
pub(super) fn waiting(paths: &ComponentPaths) -> Result<Vec<PathBuf>> {
    files(&paths.recovered(), WAITING)
}

/// Saves each unsaved state of the archive. A remote backend has to be initialised. Returns what was done.
///
/// `remembered` is the state before the apply, `digest` the digest of its local file; each only if known.
pub(super) async fn save(
    invoker: &Invoker<'_>,
    remembered: Option<&RecordedState>,
    digest: Option<&str>,
) -> Result<Vec<Words>> {
    let mut notes = Vec::new();
    for file in waiting(invoker.context.paths)? {
        let text = workdir::read(&file)?.unwrap_or_default();
        let head = StateVersion::parse(&text)
            .map_err(|reason| required(invoker, &file, &format!("it cannot be read ({reason})"), false))?;
        let there = state::text(invoker).await?;
        let known = || remembered.map(|state| StateVersion::new(&state.lineage, state.serial));
        let current = StateFile::of(there.as_deref()).head().cloned().or_else(known);
        let standing = match there.as_deref() {
            Some(there) if is_same(there, &text) => StateComparison::Same,
            Some(there) if invoker.context.state().is_some() && digest == Some(sha256(there).as_str()) => {
                StateComparison::AsBefore
            }
            _ => StateComparison::Other,
        };
        let why = match (decide::unsaved_state_action(&head, current.as_ref(), standing), &current) {
            (UnsavedStateAction::Push, _) => {
                put(invoker, &file, &text, there.as_deref()).await?;
                None
            }
            (UnsavedStateAction::Saved, _) | (_, None) => None,
            (UnsavedStateAction::OtherLineage, Some(stored)) => {
                Some(format!("its lineage is {}, but the current state has {}", head.lineage, stored.lineage))
            }
            (UnsavedStateAction::NotNewer, Some(stored)) => {
                Some(format!("its serial is {}, but the current state has {}", head.serial, stored.serial))
            }
        };
        if let Some(why) = why {
            return Err(required(invoker, &file, &why, true));
        }
        let saved = PathBuf::from(file.to_string_lossy().replace(WAITING, SAVED));
        fs::rename(&file, &saved).map_err(|error| Error::file(&file, "rename", error))?;
        notes.push(Words::own(format!(
            "a state that terraform could not save was restored, at serial {}; a copy is in {}",
            head.serial,
            saved.display()
        )));
    }
    Ok(notes)
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    let read = |text| serde_json::from_slice::<Value>(text).ok();
    read(one).is_some_and(|one| read(other) == Some(one))
}

async fn put(invoker: &Invoker<'_>, file: &Path, text: &[u8], there: Option<&[u8]>) -> Result<()> {
    if let Some(path) = invoker.context.state() {
        if let Some(there) = there.filter(|there| !there.is_empty()) {
            keep_replaced(invoker.context.paths, there)?;
        }
        return replace(&path, text).map_err(|error| required(invoker, file, &error.message, false));
    }
    let mut attempt = 1;
    loop {
        let timeout = invoker.context.component.timeouts.plan;
        let output = invoker.plain("state-push", terraform::state_push(file), timeout).await?;
        if output.exit.code == Some(0) {
            return Ok(());
        }
        let error = invoker.failure("state push", Phase::Preparation, &output);
        if error.code == Code::StateLocked {
            tracing::info!(
                "{}: {}",
                invoker.context.component.name,
                stale_lock::release(invoker, error).await?
            );
            continue;
        }
        if attempt == ATTEMPTS || output.exit.stopped.is_some() {
            return Err(required(invoker, file, &error.message, false));
        }
        attempt += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

/// A person is asked to act, with the command that uses this file.
pub(super) fn required(invoker: &Invoker<'_>, file: &Path, why: &str, force: bool) -> Error {
    let command = manual_commands::put_state(invoker, file, force);
    let what = format!(
        "{} contains an unsaved state. Decide about it before anything else runs here: ",
        file.display()
    );
    let message = words![Words::own(what), why.to_owned()];
    let remedy =
        words!["to use it: ", Words::shell(command.clone()), "; otherwise move it out of that folder"];
    Error::new(Layer::Terraform, Phase::Preparation, Code::RecoveryRequired, message, remedy)
        .with(json!({ "file": file, "command": command }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;
    use crate::workdir::Layout;

    #[test]
    fn the_archive_keeps_its_newest_files_and_all_pending_ones() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name| Name::new(name).unwrap();
        let paths = Layout::new(folder.path(), &name("staging")).unwrap().component(&name("net")).unwrap();
        // As if earlier files were written while the clock was ahead.
        ensure_lasting(&paths.recovered()).unwrap();
        for ahead in 0..KEPT {
            let id = ulid::Ulid::from_parts(u64::MAX >> 18, ahead as u128);
            std::fs::write(paths.recovered().join(format!("{id}{REPLACED}")), "").unwrap();
        }
        let waits = [(); 2].map(|()| keep(&paths, WAITING, b"waits").unwrap());
        let kept = [(); KEPT + 5].map(|()| keep_replaced(&paths, b"replaced").unwrap());
        assert_eq!(waiting(&paths).unwrap(), waits);
        assert_eq!(files(&paths.recovered(), REPLACED).unwrap(), kept[5..]);
        assert_eq!(std::fs::read(&kept[KEPT + 4]).unwrap(), b"replaced");
    }
}
