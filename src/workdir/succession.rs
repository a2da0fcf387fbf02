//! Ids that sort in the order of making, also where the clock went back.

use std::fs;
use std::path::Path;

use ulid::Ulid;

/// A ULID has this many characters.
const LENGTH: usize = 26;

/// A new id that sorts after each of these. Its time is the clock's, or later where the clock is behind.
pub fn next_id(existing: impl IntoIterator<Item = Ulid>) -> Ulid {
    let now = Ulid::generate();
    let Some(newest) = existing.into_iter().max().filter(|newest| *newest >= now) else { return now };
    // Two that ask at once must not get the same one: the time moves on, and what is drawn stays drawn.
    let later = newest.timestamp_ms().saturating_add(1);
    Ulid::from_parts(later, now.random())
}

/// The ids that names in this folder begin with; none where there is no folder.
pub fn ids(folder: &Path) -> Vec<Ulid> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| id(&entry.file_name().to_string_lossy())).collect()
}

/// The id that a name begins with, if it is an id as we write it. After the last time there is, no other could come.
pub fn id(name: &str) -> Option<Ulid> {
    let (text, rest) = name.split_at_checked(LENGTH)?;
    let ends = rest.chars().next().is_none_or(|mark| !mark.is_ascii_alphanumeric());
    let id = Ulid::from_string(text).ok().filter(|id| ends && id.to_string() == text);
    id.filter(|id| id.timestamp_ms() < Ulid::max().timestamp_ms())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn in_years(years: u64) -> Ulid {
        Ulid::from_datetime(SystemTime::now() + Duration::from_secs(years * 365 * 24 * 60 * 60))
    }

    #[test]
    fn each_id_sorts_after_all_that_were_there_wherever_the_clock_is() {
        for newest in [None, Some(in_years(0)), Some(in_years(12))] {
            let mut there: Vec<_> = newest.into_iter().collect();
            for _ in 0..100 {
                let next = next_id(there.clone());
                assert!(there.iter().all(|one| *one < next && one.to_string() < next.to_string()));
                there.push(next);
            }
        }
    }

    #[test]
    fn two_that_ask_at_once_get_two_ids() {
        let ahead = in_years(12);
        assert_ne!(next_id([ahead]), next_id([ahead]));
    }

    #[test]
    fn a_clock_that_is_right_gives_the_time_that_it_is() {
        let old = Ulid::from_parts(7, 7);
        let age = next_id([old]).datetime().elapsed().unwrap();
        assert!(age < Duration::from_secs(600), "{age:?}");
    }

    #[test]
    fn names_that_begin_with_no_id_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let ours = in_years(3);
        let (last, lower) = (Ulid::max().to_string(), in_years(4).to_string().to_lowercase());
        for name in ["zzzzzzzzzzzzzzzzzzzzzzzzzzzzz", ".unfinished-x", "README", "é", &last, &lower] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::write(folder.path().join(format!("{ours}-saved.tfstate")), "").unwrap();
        fs::write(folder.path().join(format!("{ours}X")), "").unwrap();
        assert_eq!(ids(folder.path()), [ours]);
        assert_eq!(ids(&folder.path().join("none")), []);
    }
}
