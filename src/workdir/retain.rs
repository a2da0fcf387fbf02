//! Old runs, plans and states are removed, so that a scheduled run does not fill the disk.

use std::fs;
use std::path::Path;

use super::succession::id;

/// Removes all but the newest entries of a folder, and those that are still `needed`. Names begin with the ids that
/// `next_id` gives, and sort in the order of making; an entry of another name is nobody's, and stays.
///
/// What cannot be removed stays: the next run tries again.
pub fn retain_newest(folder: &Path, keep: usize, needed: impl Fn(&Path) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut names: Vec<_> = names.filter(|name| id(&name.to_string_lossy()).is_some()).collect();
    names.sort_unstable();
    let surplus = names.len().saturating_sub(keep);
    for old in names[..surplus].iter().map(|name| folder.join(name)).filter(|old| !needed(old)) {
        let _ = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
    }
}
