//! Removes old runs, plans and states, so that a scheduled run does not fill the disk.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::run_ids::id;

/// Removes the entries of a folder except the `keep` newest and those that are still `needed`. A name begins with an id
/// from `next_id`, so names sort by age. An entry with another name is never removed.
///
/// If an entry cannot be removed, the next run tries again.
pub fn retain_newest(folder: &Path, keep: usize, needed: impl Fn(&Path) -> bool) {
    retain_newest_of(folder, keep, |_| true, needed);
}

/// The same for some entries of the folder. The others neither count nor go.
pub fn retain_newest_of(
    folder: &Path,
    keep: usize,
    counts: impl Fn(&Path) -> bool,
    needed: impl Fn(&Path) -> bool,
) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let counted = |name: &OsString| id(&name.to_string_lossy()).is_some() && counts(&folder.join(name));
    let mut names: Vec<_> = names.filter(counted).collect();
    names.sort_unstable();
    let surplus = names.len().saturating_sub(keep);
    for old in names[..surplus].iter().map(|name| folder.join(name)).filter(|old| !needed(old)) {
        let _ = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
    }
}
