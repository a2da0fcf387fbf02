//! Makes room for a file of the module. Its path may have been a file, a folder or a link before. A link is never
//! followed.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::path::Path;

use super::ComponentPaths;
use super::run_ids::{ids, next_id};
use crate::disk::{ensure_lasting, remove, sync_folder};
use crate::error::{Error, Result};

/// After this, a power failure does not restore removed files and old versions of these paths.
pub fn sync_names<'a>(root: &Path, files: impl IntoIterator<Item = &'a String>) -> Result<()> {
    // If the folder of a removed file was removed too, the name of that folder counts.
    let changed = |relative: &'a String| {
        let mut above = root.join(relative);
        while above.pop() && !above.is_dir() {}
        above
    };
    let folders: BTreeSet<_> = files.into_iter().map(changed).collect();
    folders.iter().try_for_each(|folder| sync_folder(folder))
}

/// Removes a file that Eos wrote, and each folder of the module that is then empty.
pub fn remove_ours(root: &Path, relative: &str) -> Result<()> {
    for folder in folders(relative) {
        if !kind(&root.join(folder))?.is_some_and(|kind| kind.is_dir()) {
            // The file's folder is gone, and so is the file.
            return Ok(());
        }
    }
    let target = root.join(relative);
    if kind(&target)?.is_none_or(|kind| kind.is_dir()) {
        return Ok(());
    }
    remove(&target)?;
    for folder in folders(relative).skip(1).collect::<Vec<_>>().into_iter().rev() {
        if fs::remove_dir(root.join(folder)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Makes sure that a file can be written at this path. If a file that Eos did not write is in the way, moves it and
/// returns a note with its new path.
pub fn make_room(paths: &ComponentPaths, relative: &str) -> Result<Option<String>> {
    for folder in folders(relative) {
        let path = paths.workdir.join(folder);
        match kind(&path)? {
            None => return Ok(None),
            Some(kind) if kind.is_dir() => {}
            Some(kind) if kind.is_file() => return set_aside(paths, &path).map(Some),
            Some(_) => return remove(&path).map(|()| None),
        }
    }
    let target = paths.workdir.join(relative);
    match kind(&target)? {
        Some(kind) if kind.is_dir() && fs::remove_dir(&target).is_err() => {
            set_aside(paths, &target).map(Some)
        }
        Some(kind) if !kind.is_dir() && !kind.is_file() => remove(&target).map(|()| None),
        _ => Ok(None),
    }
}

/// The folders of a path, from the top.
fn folders(relative: &str) -> impl Iterator<Item = &str> {
    relative.match_indices('/').map(|(end, _)| &relative[..end])
}

/// The type of the entry itself, not of a link's target. None if there is no entry.
fn kind(path: &Path) -> Result<Option<FileType>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata.file_type())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::file(path, "read", error)),
    }
}

/// Moves an entry away. The module or a person made it, so it is not removed.
fn set_aside(paths: &ComponentPaths, path: &Path) -> Result<String> {
    let recovered = paths.recovered();
    let folder = recovered.join(format!("{}-set-aside", next_id(ids(&recovered))));
    ensure_lasting(&folder)?;
    let aside = folder.join(path.file_name().unwrap_or_default());
    fs::rename(path, &aside).map_err(|error| Error::file(path, "move away", error))?;
    // A file of the module takes its name next.
    sync_folder(&folder)?;
    Ok(format!(
        "{} had the name of a file of the module, but did not belong to the module: it was moved to {}",
        path.display(),
        aside.display()
    ))
}
