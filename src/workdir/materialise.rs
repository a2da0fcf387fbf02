//! Puts a module into the workdir: what changed is written, what left the source is removed.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::Place;
use super::files::{ensure_private, mark_executable, remove, write};
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
    let ours: Vec<_> = ours.into_iter().filter_map(|(path, bytes)| Some((path, bytes?))).collect();
    let of_module = module.files.iter().map(|file| (format!("module/{}", file.path), file.sha256.clone()));
    let written: BTreeMap<_, _> =
        of_module.chain(ours.iter().map(|(path, bytes)| (path.clone(), sha256(bytes)))).collect();
    let before = std::mem::take(&mut manifest.written);
    if before != written {
        // Should we be cut off below, the next run knows what is ours: of before, and of now.
        manifest.written = before.clone().into_iter().chain(written.clone()).collect();
        manifest.write(place)?;
    }
    for file in &module.files {
        let target = place.workdir.join(format!("module/{}", file.path));
        if current(&target)?.as_deref() != Some(file.sha256.as_str()) {
            place_file(&target, &file.bytes()?)?;
        }
        if file.executable {
            mark_executable(&target)?;
        }
    }
    for (path, bytes) in ours {
        let target = place.workdir.join(&path);
        if current(&target)?.as_deref() != Some(written[&path].as_str()) {
            place_file(&target, bytes)?;
        }
    }
    for gone in before.keys().filter(|path| !written.contains_key(*path)) {
        remove(&place.workdir.join(gone))?;
    }
    let changed = before != written;
    manifest.written = written;
    manifest.seal(place, changed)
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
