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
    let mut written = BTreeMap::new();
    for file in &module.files {
        let relative = format!("module/{}", file.path);
        let target = place.workdir.join(&relative);
        if current(&target)?.as_deref() != Some(file.sha256.as_str()) {
            place_file(&target, &file.bytes()?)?;
        }
        if file.executable {
            mark_executable(&target)?;
        }
        written.insert(relative, file.sha256.clone());
    }
    let ours = [
        (backend_path(&module.subdir), backend.map(str::as_bytes)),
        ("terraform.tfvars.json".to_owned(), Some(variables.as_bytes())),
    ];
    for (relative, bytes) in ours {
        let Some(bytes) = bytes else { continue };
        let target = place.workdir.join(&relative);
        let digest = sha256(bytes);
        if current(&target)?.as_deref() != Some(digest.as_str()) {
            place_file(&target, bytes)?;
        }
        written.insert(relative, digest);
    }
    for gone in manifest.written.keys().filter(|path| !written.contains_key(*path)) {
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
