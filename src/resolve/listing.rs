//! The files of a source.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Content, ModuleFile, hex};
use crate::host::Host;
use crate::model::Source;

/// Deeper folders mean a link that leads back.
const DEEPEST: usize = 40;

/// How a source is written in the pillar.
pub fn name(source: &Source) -> String {
    let (root, subdir) = match source {
        Source::Salt { url, subdir } => (url.clone(), subdir),
        Source::Path { root, subdir } => (root.display().to_string(), subdir),
    };
    if subdir.is_empty() { root } else { format!("{root}//{subdir}") }
}

/// Every file of the module's root, in the order of their paths; what Terraform leaves behind is left out.
pub fn list(source: &Source, host: &dyn Host) -> Result<Vec<ModuleFile>, String> {
    let found = match source {
        Source::Salt { url, .. } => host.fetch(url)?,
        Source::Path { root, .. } => {
            let mut found = BTreeMap::new();
            let refuse = |error: io::Error| format!("{} cannot be read: {error}", root.display());
            walk(root, "", &mut found, 0).map_err(refuse)?;
            found
        }
    };
    let found: Vec<_> = found.into_iter().filter(|(path, _)| !is_left_behind(path)).collect();
    if found.is_empty() {
        let remedy = match source {
            Source::Salt { .. } => "is it in file_roots, and in this saltenv?",
            Source::Path { .. } => "is the path right?",
        };
        return Err(format!("{} has no files: {remedy}", name(source)));
    }
    found.into_iter().map(|(path, file)| entry(path, file)).collect()
}

fn entry(path: String, file: PathBuf) -> Result<ModuleFile, String> {
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) || path.chars().any(char::is_control) {
        return Err(format!("a file of the module has a name that is no relative path: {path:?}"));
    }
    let refuse = |error: io::Error| format!("{} cannot be read: {error}", file.display());
    let executable = file.metadata().map_err(refuse)?.permissions().mode() & 0o111 != 0;
    let sha256 = digest(&file).map_err(refuse)?;
    Ok(ModuleFile { path, content: Content::File(file), executable, sha256 })
}

/// In pieces: a module may hold an archive that is larger than our memory should be.
fn digest(file: &Path) -> io::Result<String> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(file)?);
    let mut hash = Sha256::new();
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(piece);
        let length = piece.len();
        reader.consume(length);
    }
}

fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, PathBuf>, depth: usize) -> io::Result<()> {
    if depth > DEEPEST {
        return Err(io::Error::other(format!("{} is too deep: a link leads back", folder.display())));
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(io::Error::other(format!("{} has a name that is no UTF-8", path.display())));
        };
        let relative = format!("{prefix}{name}");
        match fs::metadata(&path)? {
            kind if kind.is_dir() && !is_left_behind(&format!("{relative}/x")) => {
                walk(&path, &format!("{relative}/"), found, depth + 1)?;
            }
            kind if kind.is_file() => drop(found.insert(relative, path)),
            _ => {}
        }
    }
    Ok(())
}

/// States, caches and crash logs belong to whoever ran terraform there.
fn is_left_behind(path: &str) -> bool {
    let mut parts: Vec<_> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    parts.iter().any(|part| matches!(*part, ".terraform" | ".git"))
        || name.ends_with(".tfstate")
        || name.contains(".tfstate.")
        || matches!(name, "crash.log")
}
