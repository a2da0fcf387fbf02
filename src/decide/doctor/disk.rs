//! Judges the space of a file system.

use super::check::{Check, CheckStatus, Group};
use crate::error::Code;
use crate::shell::quote;
use crate::words::{Words, words};

const MIB: u64 = 1024 * 1024;
/// A run writes the streams of its terraforms, states and snapshots.
const LEAST: u64 = 64 * MIB;
/// A provider alone may have 700 MiB.
const ENOUGH: u64 = 1024 * MIB;
const LEAST_FILES: u64 = 1000;
const ENOUGH_FILES: u64 = 20_000;

#[derive(Clone, Debug, PartialEq)]
pub struct DiskFacts {
    pub path: String,
    /// Such as `the root`.
    pub used_for: &'static str,
    /// Bytes that this user can still write.
    pub free: u64,
    pub total: u64,
    /// Files that can still be made. None: the file system does not count them.
    pub files: Option<u64>,
}

pub fn disk(found: &DiskFacts) -> Vec<Check> {
    const NAME: &str = "disk";
    let DiskFacts { path, used_for, free, total, files } = found;
    let mut bad = Vec::new();
    let about = format!("{path} ({used_for})");
    if *free < ENOUGH {
        let found = match *free < LEAST {
            true => (CheckStatus::Wrong, Code::DiskFull),
            false => (CheckStatus::Warning, Code::DiskLow),
        };
        let message = format!("{about} has {} of {} free", size(*free), size(*total));
        let shows = Words::shell(format!("du -xh {} | sort -h", quote(path)));
        let remedy =
            words!["free some space there; ", shows, " shows what takes it. A run whose disk is full stops"];
        bad.push(Check::bad(Group::Host, NAME, found, message, remedy));
    }
    if let Some(left) = files.filter(|left| *left < ENOUGH_FILES) {
        let found = match left < LEAST_FILES {
            true => (CheckStatus::Wrong, Code::DiskFull),
            false => (CheckStatus::Warning, Code::DiskLow),
        };
        let message = format!("{about} has room for only {left} more files (inodes)");
        let shows = Words::shell(format!("df -i {}", quote(path)));
        let remedy = words!["remove files there; ", shows, " shows how many there are"];
        bad.push(Check::bad(Group::Host, NAME, found, message, remedy));
    }
    if bad.is_empty() {
        let said = words![about, ": ", size(*free), " of ", size(*total), " free"];
        bad.push(Check::ok(Group::Host, NAME, said));
    }
    bad
}

/// `512 MiB`, `41.2 GiB`.
fn size(bytes: u64) -> String {
    match bytes / MIB {
        small @ 0..1024 => format!("{small} MiB"),
        more => format!("{:.1} GiB", more as f64 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_space_is_a_warning_and_none_is_wrong() {
        use CheckStatus::{Ok, Warning, Wrong};
        let gib = 1024 * MIB;
        for (free, files, statuses, codes) in [
            (50 * gib, Some(1_000_000), vec![Ok], vec![None]),
            (50 * gib, None, vec![Ok], vec![None]),
            (500 * MIB, None, vec![Warning], vec![Some(Code::DiskLow)]),
            (3 * MIB, None, vec![Wrong], vec![Some(Code::DiskFull)]),
            (50 * gib, Some(5000), vec![Warning], vec![Some(Code::DiskLow)]),
            (0, Some(0), vec![Wrong, Wrong], vec![Some(Code::DiskFull); 2]),
        ] {
            let facts =
                DiskFacts { path: "/srv".into(), used_for: "the root", free, total: 100 * gib, files };
            let found = disk(&facts);
            assert_eq!(found.iter().map(|one| one.status).collect::<Vec<_>>(), statuses, "{facts:?}");
            assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), codes, "{facts:?}");
        }
    }

    #[test]
    fn a_size_is_written_as_people_read_it() {
        assert_eq!([0, 512 * MIB, 42_200 * MIB].map(size), ["0 MiB", "512 MiB", "41.2 GiB"]);
    }
}
