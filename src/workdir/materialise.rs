//! Puts a module into the workdir: what changed is written, what left the source is removed.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::Place;
use super::files::{ensure_private, mark_executable, write};
use super::manifest::Manifest;
use crate::digest::sha256;
use crate::error::{Error, Result};
use crate::resolve::Module;

/// Call it under the lock only: a running apply reads its module's files.
pub fn materialise(
    place: &Place,
    module: &Module,
    backend: Option<&str>,
    variables: &str,
    manifest: &mut Manifest,
) -> Result<()> {
    let ours = [
        (backend_path(&module.subdir), backend.map(str::as_bytes)),
        ("terraform.tfvars.json".to_owned(), Some(variables.as_bytes())),
    ];
    let theirs = module.files.iter().map(|file| (format!("module/{}", file.path), file.sha256.clone()));
    let mut written: BTreeMap<String, String> = theirs.collect();
    written.extend(ours.iter().filter_map(|(relative, bytes)| Some((relative.clone(), sha256((*bytes)?)))));
    let mut missing = BTreeMap::new();
    for (relative, digest) in &written {
        if current(&place.workdir.join(relative))?.as_ref() != Some(digest) {
            missing.insert(relative.clone(), digest.clone());
        }
    }
    // Killed between two of them, we must not be taken for a hand.
    manifest.begin_writing(place, missing.clone())?;
    for file in &module.files {
        let relative = format!("module/{}", file.path);
        let target = place.workdir.join(&relative);
        if missing.contains_key(&relative) {
            place_file(&target, &file.bytes()?)?;
        }
        if file.executable {
            mark_executable(&target)?;
        }
    }
    for (relative, bytes) in &ours {
        if let Some(bytes) = bytes.filter(|_| missing.contains_key(relative)) {
            place_file(&place.workdir.join(relative), bytes)?;
        }
    }
    let before = manifest.written.keys().chain(manifest.writing.keys());
    for gone in before.filter(|path| !written.contains_key(*path)) {
        let target = place.workdir.join(gone);
        match fs::remove_file(&target) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::file(&target, "remove", &error));
            }
            _ => {}
        }
    }
    if manifest.written != written {
        manifest.written = written;
        manifest.write(place)?;
    }
    manifest.seal(place)
}

fn backend_path(subdir: &str) -> String {
    match subdir {
        "" => "module/backend.tf".to_owned(),
        subdir => format!("module/{subdir}/backend.tf"),
    }
}

/// The digest of what stands there; None where nothing does.
fn current(target: &Path) -> Result<Option<String>> {
    match fs::read(target) {
        Ok(bytes) => Ok(Some(sha256(&bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(target, "read", &error)),
    }
}

fn place_file(target: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = target.parent() {
        ensure_private(folder)?;
    }
    write(target, bytes)
}
