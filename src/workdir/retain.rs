//! Removes old runs, plans and states, so that a scheduled run does not fill the disk.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::run_ids::id;

/// Removes the entries of a folder except the `keep` newest and those that are still `needed`. A name begins with an id
/// from `next_id`, so names sort by age. An entry with another name is never removed.
///
/// If an entry cannot be removed, the next run tries again.
pub fn retain_newest(folder: &Path, keep: usize, needed: impl Fn(&Path) -> bool) {
    retain_newest_of_each(folder, |_| (), |()| keep, needed);
}

/// The same for each kind of entries, of which another number may be kept.
pub fn retain_newest_of_each<K: Ord>(
    folder: &Path,
    kind: impl Fn(&Path) -> K,
    keep: impl Fn(&K) -> usize,
    needed: impl Fn(&Path) -> bool,
) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut kinds = BTreeMap::<K, Vec<OsString>>::new();
    for name in entries.flatten().map(|entry| entry.file_name()) {
        if id(&name.to_string_lossy()).is_some() {
            kinds.entry(kind(&folder.join(&name))).or_default().push(name);
        }
    }
    for (kind, mut names) in kinds {
        names.sort_unstable();
        let surplus = names.len().saturating_sub(keep(&kind));
        for old in names[..surplus].iter().map(|name| folder.join(name)).filter(|old| !needed(old)) {
            let _ = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_kind_keeps_its_newest_entries_and_each_entry_is_looked_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut made = Vec::new();
        for index in 0..6_u64 {
            let name = format!("{}-{}", ulid::Ulid::from_parts(index, 0), index % 2);
            fs::create_dir(folder.path().join(&name)).unwrap();
            made.push(name);
        }
        let looks = Cell::new(0);
        let kind = |entry: &Path| {
            looks.set(looks.get() + 1);
            entry.to_string_lossy().ends_with('1')
        };
        let first = folder.path().join(&made[0]);
        retain_newest_of_each(
            folder.path(),
            kind,
            |is_odd| if *is_odd { 1 } else { 2 },
            |entry| entry == first,
        );
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [&made[0], &made[2], &made[4], &made[5]].map(OsString::from));
        assert_eq!(looks.get(), 6);
    }
}
