//! Unfinished files: a process of Eos was killed while it wrote them. Nobody needs them, and they may contain a whole
//! state.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

use super::ownership::give_file;

const PREFIX: &str = ".unfinished-";
/// Files older than this are removed. It is longer than any write, because another process may still be writing.
const OLD: Duration = Duration::from_secs(10 * 60);

/// Begins a file that gets its name when it is complete.
pub fn begin(folder: &Path) -> std::io::Result<NamedTempFile> {
    let file =
        tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder).map_err(|error| cause(folder, error))?;
    give_file(file.as_file(), folder)?;
    Ok(file)
}

/// An error of tempfile has no number. If files cannot be opened at all, that has the same cause.
fn cause(folder: &Path, error: std::io::Error) -> std::io::Error {
    fs::File::open(folder).err().unwrap_or(error)
}

/// Removes old unfinished files. If a file cannot be removed, the next run tries again.
pub fn sweep(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        if modified.ok().and_then(|when| when.elapsed().ok()).is_some_and(|age| age > OLD) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn partial_files_of_dead_processes_are_removed_and_those_of_living_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let dead = begin(folder.path()).unwrap().keep().unwrap();
        dead.0.set_modified(SystemTime::now() - 2 * OLD).unwrap();
        let living = begin(folder.path()).unwrap();
        fs::write(folder.path().join("record.json"), "{}").unwrap();
        sweep(folder.path());
        sweep(&folder.path().join("none"));
        assert!(!dead.1.exists() && living.path().exists());
        assert!(folder.path().join("record.json").exists());
    }
}
