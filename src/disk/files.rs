//! Private files (mode 0600, in folders of mode 0700) that are complete or absent.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ownership::{give_file, give_folder};
use super::unfinished;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::words::Words;

/// Makes a folder and the folders above it. A new folder has mode 0700. A link in its place is an error.
///
/// A power failure may remove a new folder with everything in it.
pub fn ensure_private(folder: &Path) -> Result<()> {
    make(folder, false).map_err(|error| Error::file(folder, "create the folder", error))
}

/// The same for a folder of files that must survive a power failure: syncs the name of each new folder.
pub fn ensure_lasting(folder: &Path) -> Result<()> {
    make(folder, true).map_err(|error| Error::file(folder, "create the folder", error))
}

fn make(folder: &Path, durable: bool) -> std::io::Result<()> {
    let create = || fs::DirBuilder::new().mode(0o700).create(folder);
    let made = match (create(), folder.parent()) {
        (Err(error), Some(above)) if error.kind() == ErrorKind::NotFound => {
            make(above, durable)?;
            create()
        }
        (made, _) => made,
    };
    match made {
        Ok(()) => {
            give_folder(folder)?;
            match folder.parent().filter(|_| durable) {
                Some(above) => sync_names(above),
                None => Ok(()),
            }
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && fs::symlink_metadata(folder)?.is_dir() => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Opens a file, and makes it with mode 0600 if it does not exist. `how` has the access mode. A link in its place is an
/// error.
pub fn open_private(path: &Path, how: &mut fs::OpenOptions) -> std::io::Result<fs::File> {
    let file = how.create(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)?;
    give_file(&file, path.parent().ok_or(ErrorKind::InvalidInput)?)?;
    Ok(file)
}

/// Syncs the data of a file that another program wrote.
pub fn sync_file(path: &Path) -> Result<()> {
    let synced = fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| Error::file(path, "sync", error))
}

/// Syncs the names of the files and folders in a folder.
pub fn sync_folder(folder: &Path) -> Result<()> {
    sync_names(folder).map_err(|error| Error::file(folder, "sync the folder", error))
}

fn sync_names(folder: &Path) -> std::io::Result<()> {
    match fs::File::open(folder) {
        Ok(folder) => folder.sync_all(),
        // A folder above a root may be writable and not readable.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// What a power failure may do to a file that has just been written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// It may leave the file empty or incomplete.
    None,
    /// It leaves the old file or the new one, complete.
    Whole,
    /// It leaves the new file.
    Full,
}

/// Replaces a file atomically and durably: writes a new file beside it, syncs it, renames it, and syncs the folder.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    write_beside(path, bytes, Durability::Full).map_err(|error| Error::file(path, "write", error))
}

/// Replaces a file atomically. A power failure may restore the old file, until the folder is synced.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    put_whole(path, bytes).map_err(|error| Error::file(path, "write", error))
}

/// The same with the system's error.
pub(super) fn put_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    write_beside(path, bytes, Durability::Whole)
}

/// Replaces a file atomically without a sync, for data that can be made again or is verified when it is read.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_beside(path, bytes, Durability::None).map_err(|error| Error::file(path, "write", error))
}

fn write_beside(path: &Path, bytes: &[u8], durability: Durability) -> std::io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    let mut file = unfinished::begin(folder)?;
    file.write_all(bytes)?;
    if durability != Durability::None {
        file.as_file().sync_all()?;
    }
    file.persist(path)?;
    match durability {
        Durability::Full => sync_names(folder),
        Durability::None | Durability::Whole => Ok(()),
    }
}

/// Sets the mode to 0700 if executable, otherwise to 0600.
pub fn set_executable(path: &Path, executable: bool) -> Result<()> {
    let mode = if executable { 0o700 } else { 0o600 };
    let set = || match path.metadata()?.permissions().mode() & 0o777 == mode {
        true => Ok(()),
        false => fs::set_permissions(path, fs::Permissions::from_mode(mode)),
    };
    set().map_err(|error| Error::file(path, "set the mode of", error))
}

/// Appends one line to a file of mode 0600, in one write. An incomplete line is not read.
///
/// If `durably`, the line survives a power failure after this returns.
pub fn append_line(path: &Path, value: &impl Serialize, durably: bool) -> Result<()> {
    let append = || {
        let line = serde_json::to_string(value)?;
        let mut file = open_private(path, fs::OpenOptions::new().read(true).append(true))?;
        // An incomplete last line, written on a full disk, would spoil this line too.
        let length = file.metadata()?.len();
        let torn = length.checked_sub(1).is_some_and(|last| {
            let mut end = [0];
            file.read_exact_at(&mut end, last).is_ok() && end != *b"\n"
        });
        file.write_all(format!("{}{line}\n", if torn { "\n" } else { "" }).as_bytes())?;
        if !durably {
            return Ok(());
        }
        file.sync_data()?;
        match path.parent().filter(|_| length == 0) {
            Some(folder) => sync_names(folder),
            None => Ok(()),
        }
    };
    append().map_err(|error| Error::file(path, "write", error))
}

/// Writes a new file; false if it exists already.
pub fn create_json(path: &Path, value: &impl Serialize) -> Result<bool> {
    let create = || {
        let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
        let mut file = unfinished::begin(folder)?;
        file.write_all(&serde_json::to_vec_pretty(value)?)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => sync_names(folder).map(|()| true),
            Err(taken) if taken.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(failed) => Err(failed.error),
        }
    };
    create().map_err(|error| Error::file(path, "write", error))
}

/// Removes a file. A file that does not exist is not an error.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file(path, "remove", error)),
        _ => Ok(()),
    }
}

pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let bytes = serde_json::to_vec_pretty(value).map_err(|error| Error::file(path, "write", error.into()))?;
    replace(path, &bytes)
}

/// Reads a file. None if it does not exist.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::file(path, "read", error)),
    }
}

/// Reads a file that Eos wrote. `remedy` is the advice if the path is not a file, but for example a folder.
pub fn read_ours(path: &Path, remedy: &str) -> Result<Option<Vec<u8>>> {
    match path.metadata() {
        // A read from a pipe would never end.
        Ok(metadata) if !metadata.is_file() => Err(torn(path, "it is not a file", remedy)),
        _ => read(path),
    }
}

/// Reads a JSON file. None if it does not exist. `remedy` is the advice if the file is empty, incomplete, or not a JSON
/// file.
pub fn read_json<T: DeserializeOwned>(path: &Path, remedy: &str) -> Result<Option<T>> {
    let Some(bytes) = read_ours(path, remedy)? else { return Ok(None) };
    if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(torn(path, "it does not begin with {", remedy));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| torn(path, &error.to_string(), remedy))
}

/// The error for a file of Eos with unexpected content. It stops only the work that needs the file.
pub fn torn(path: &Path, reason: &str, remedy: &str) -> Error {
    let message = format!("{} is damaged, or Eos did not write it: {reason}", path.display());
    Error::new(Layer::Host, Phase::Preparation, Code::FileCorrupt, message, Words::own(remedy))
}
