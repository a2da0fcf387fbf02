//! The entries of the pillar that Eos owns, in `infrastructure/eos` below a folder of the pillar.
//!
//! `init.sls` includes the entries, so it decides which of them are in force. A file that it does not include was left by
//! a call that was killed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::digest::sha256;
use crate::disk::{ensure_lasting, read, read_ours, remove, replace, sweep_unfinished};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::PillarEntry;
use crate::render::pillar_entry::{list, listed, stamped, unstamped};
use crate::words::Words;

const LIST: &str = "init.sls";
const TEMPLATE: &str = ".nomad.tpl";
/// Digits of the digest in the name of a template.
const DIGITS: usize = 16;

pub struct PillarEntries {
    folder: PathBuf,
}

impl PillarEntries {
    /// `root`: the folder with the top.sls of the pillar.
    pub fn below(root: &Path) -> Self {
        Self { folder: root.join("infrastructure/eos") }
    }

    pub fn make_folder(&self) -> Result<()> {
        ensure_lasting(&self.folder)
    }

    pub fn lock(&self) -> PathBuf {
        self.folder.join(".lock")
    }

    pub fn path(&self, entry: &PillarEntry) -> PathBuf {
        self.folder.join(entry.file())
    }

    /// The file of a job's template. Its name has the digest of the text, so an update leaves the file of the entry that
    /// is in force as it is.
    pub fn template(&self, entry: &PillarEntry, text: &str) -> PathBuf {
        let name = format!("{}-{}{TEMPLATE}", entry.name, &sha256(text)[..DIGITS]);
        self.folder.join(entry.environment.as_str()).join(name)
    }

    /// Makes the list, which top.sls can name as soon as it exists, and removes what killed calls have left.
    pub fn repair(&self) -> Result<()> {
        let entries = self.names()?;
        if !self.folder.join(LIST).exists() {
            self.write_list(&entries)?;
        }
        for folder in folders(&self.folder) {
            sweep_unfinished(&folder);
            for path in files(&folder, ".sls") {
                let is_listed = entries.iter().any(|entry| self.path(entry) == path);
                // A file of a person is left alone, because no pillar has it.
                if !is_listed && self.body(&path).is_ok_and(|body| body.is_some()) {
                    remove(&path)?;
                }
            }
        }
        self.remove_templates(&entries)
    }

    /// Removes the templates of Eos that no entry in force names.
    fn remove_templates(&self, entries: &BTreeSet<PillarEntry>) -> Result<()> {
        let mut named = String::new();
        for entry in entries {
            let text = read(&self.path(entry))?.unwrap_or_default();
            named.push_str(&String::from_utf8_lossy(&text));
        }
        for path in folders(&self.folder).iter().flat_map(|folder| files(folder, TEMPLATE)) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !named.contains(&name) && is_intact(&path) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// The entries in force.
    pub fn names(&self) -> Result<BTreeSet<PillarEntry>> {
        Ok(self.body(&self.folder.join(LIST))?.map(|body| listed(&body)).unwrap_or_default())
    }

    /// The text of an entry, without the line of its digest. None if it is not in force.
    pub fn read(&self, entry: &PillarEntry) -> Result<Option<String>> {
        if !self.names()?.contains(entry) {
            return Ok(None);
        }
        let body = self.body(&self.path(entry))?;
        let its = files(&self.folder.join(entry.environment.as_str()), TEMPLATE).into_iter().filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            body.as_ref().is_some_and(|body| body.contains(&*name))
        });
        match its.into_iter().find(|path| !is_intact(path)) {
            Some(path) => Err(changed(&path)),
            None => Ok(body),
        }
    }

    /// The text of a job's template, if this is the file of one. Another file is of a person.
    pub fn template_text(&self, path: &Path) -> Result<Option<String>> {
        if !path.starts_with(&self.folder) || !path.to_string_lossy().ends_with(TEMPLATE) {
            return Ok(None);
        }
        let text = read(path)?.filter(|_| is_intact(path)).ok_or_else(|| changed(path))?;
        String::from_utf8(text).map(Some).map_err(|_| changed(path))
    }

    /// A folder of a pillar with what would be in force. Without a text, the entry is taken away.
    pub fn staged(&self, entry: &PillarEntry, body: Option<&str>) -> Result<TempDir> {
        let root = scratch()?;
        let staged = Self::below(root.path());
        let names = self.names_with(entry, body.is_some())?;
        // Another entry is in force as it is, also one that a person has changed.
        for name in names.iter().filter(|name| *name != entry) {
            if let Some(text) = read(&self.path(name))? {
                write(&staged.path(name), &text)?;
            }
        }
        if let Some(body) = body {
            write(&staged.path(entry), stamped(body).as_bytes())?;
        }
        staged.write_list(&names)?;
        Ok(root)
    }

    /// Puts an entry in force. The list is last: until then, a new entry is not in force.
    pub fn put(&self, entry: &PillarEntry, body: &str) -> Result<()> {
        write(&self.path(entry), stamped(body).as_bytes())?;
        let names = self.names_with(entry, true)?;
        if names != self.names()? {
            self.write_list(&names)?;
        }
        self.remove_templates(&names)
    }

    /// Removes an entry. The list is first.
    pub fn take(&self, entry: &PillarEntry) -> Result<()> {
        let rest = self.names_with(entry, false)?;
        self.write_list(&rest)?;
        remove(&self.path(entry))?;
        self.remove_templates(&rest)
    }

    fn names_with(&self, entry: &PillarEntry, is_in_force: bool) -> Result<BTreeSet<PillarEntry>> {
        let mut names = self.names()?;
        match is_in_force {
            true => names.insert(entry.clone()),
            false => names.remove(entry),
        };
        Ok(names)
    }

    fn write_list(&self, entries: &BTreeSet<PillarEntry>) -> Result<()> {
        write(&self.folder.join(LIST), stamped(&list(entries)).as_bytes())
    }

    /// None if there is no such file.
    fn body(&self, path: &Path) -> Result<Option<String>> {
        let Some(bytes) = read_ours(path, "remove what is in its place")? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| changed(path))?;
        unstamped(&text).map(|body| Some(body.to_owned())).ok_or_else(|| changed(path))
    }
}

pub fn write_template(path: &Path, text: &str) -> Result<()> {
    write(path, text.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    path.parent().map_or(Ok(()), ensure_lasting)?;
    replace(path, bytes)
}

/// A folder for a pillar that only this call sees.
pub fn scratch() -> Result<TempDir> {
    let made = tempfile::Builder::new().prefix("eos-pillar-").tempdir();
    made.map_err(|error| Error::file(&std::env::temp_dir(), "create a folder in", error))
}

fn changed(path: &Path) -> Error {
    let message = Words::own(format!("{} is not as Eos wrote it: somebody has changed it", path.display()));
    let remedy = "nothing was changed. Move the change into a file of your own, and restore this file";
    Error::new(Layer::Salt, Phase::Validation, Code::PillarEntryChanged, message, remedy)
}

/// The folder, and all folders in it.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let inside = entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !path.is_symlink());
    std::iter::once(folder.to_path_buf()).chain(inside.flat_map(|inside| folders(&inside))).collect()
}

/// The files with this ending, but not the list.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of_entry = entries.filter(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().ends_with(ending) && name != LIST
    });
    of_entry.map(|entry| entry.path()).collect()
}

/// Whether the name of a template has the digest of its text.
fn is_intact(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let digits = name.strip_suffix(TEMPLATE).and_then(|name| name.rsplit_once('-')).map(|(_, digits)| digits);
    fs::read(path).is_ok_and(|text| digits == Some(&sha256(text)[..DIGITS]))
}
