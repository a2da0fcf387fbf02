//! Writes a module into the workdir: removes files that are no longer in the source, and writes changed files.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::ComponentPaths;
use super::manifest::Manifest;
use super::room::{make_room, remove_ours, sync_names};
use crate::digest::sha256;
use crate::disk::{ensure_private, set_executable, write_whole};
use crate::error::{Error, Result};
use crate::resolve::Module;

/// Writes the module. Call this only while the lock is held, because a running apply reads its module's files. Returns
/// a note for each file that it moved away.
pub fn materialise(
    paths: &ComponentPaths,
    module: &Module,
    backend: Option<&str>,
    variables: &str,
    manifest: &mut Manifest,
) -> Result<Vec<String>> {
    let ours = [
        (backend_path(&module.subdir), backend.map(str::as_bytes)),
        ("terraform.tfvars.json".to_owned(), Some(variables.as_bytes())),
    ];
    let ours: Vec<_> = ours.into_iter().filter_map(|(path, bytes)| Some((path, bytes?))).collect();
    let of_module = module.files.iter().map(|file| (format!("module/{}", file.path), file.sha256.clone()));
    let written: BTreeMap<_, _> =
        of_module.chain(ours.iter().map(|(path, bytes)| (path.clone(), sha256(bytes)))).collect();
    let before = std::mem::take(&mut manifest.written);
    let either: BTreeMap<_, _> = before.clone().into_iter().chain(written.clone()).collect();
    if before != either {
        // If the process dies below, the next run knows which files Eos wrote: the old and the new ones.
        manifest.announce(paths, &before, either.clone())?;
    }
    // Removes old files first: an old file may be in the place of a new folder, or the other way round.
    for gone in before.keys().filter(|path| !written.contains_key(*path)) {
        remove_ours(&paths.workdir, gone)?;
    }
    let mut notes = Vec::new();
    for file in &module.files {
        let path = format!("module/{}", file.path);
        notes.extend(make_room(paths, &path)?);
        let target = paths.workdir.join(path);
        if current(&target)?.as_deref() != Some(file.sha256.as_str()) {
            place_file(&target, &file.bytes()?)?;
        }
        set_executable(&target, file.executable)?;
    }
    for (path, bytes) in ours {
        notes.extend(make_room(paths, &path)?);
        let target = paths.workdir.join(&path);
        if current(&target)?.as_deref() != Some(written[&path].as_str()) {
            place_file(&target, bytes)?;
        }
    }
    // From now on the old files count as manual changes.
    let old = before.iter().filter(|(path, digest)| written.get(*path) != Some(*digest));
    sync_names(&paths.workdir, old.map(|(path, _)| path))?;
    let changed = either != written;
    manifest.written = written;
    manifest.seal(paths, changed)?;
    Ok(notes)
}

fn backend_path(subdir: &str) -> String {
    match subdir {
        "" => "module/backend.tf".to_owned(),
        subdir => format!("module/{subdir}/backend.tf"),
    }
}

/// The digest of the present file; None if there is none.
fn current(target: &Path) -> Result<Option<String>> {
    match fs::read(target) {
        Ok(bytes) => Ok(Some(sha256(&bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(target, "read", error)),
    }
}

fn place_file(target: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = target.parent() {
        ensure_private(folder)?;
    }
    // An incomplete file would look like a manual change.
    write_whole(target, bytes)
}

#[cfg(test)]
mod tests;
