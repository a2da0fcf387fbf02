//! Ids that sort by age, even if the clock was set back.

use std::fs;
use std::path::Path;

use ulid::Ulid;

/// The length of a ULID, in characters.
const LENGTH: usize = 26;

/// Makes an id that sorts after all existing ones. Its time is that of the clock, or a later one if the clock is
/// behind.
pub fn next_id(existing: impl IntoIterator<Item = Ulid>) -> Ulid {
    let now = Ulid::generate();
    let Some(newest) = existing.into_iter().max().filter(|newest| *newest >= now) else { return now };
    // Two callers at the same time must not get the same id. So only the time is increased, and the random part stays.
    let later = newest.timestamp_ms().saturating_add(1);
    Ulid::from_parts(later, now.random())
}

/// The ids at the start of the names in this folder; none if the folder does not exist.
pub fn ids(folder: &Path) -> Vec<Ulid> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| id(&entry.file_name().to_string_lossy())).collect()
}

/// The id at the start of a name, if it is in Eos's notation. An id with the largest possible time is refused, because
/// no id could sort after it.
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
    fn a_new_id_sorts_after_all_existing_ones_whatever_the_clock_says() {
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
    fn two_parallel_requests_get_two_ids() {
        let ahead = in_years(12);
        assert_ne!(next_id([ahead]), next_id([ahead]));
    }

    #[test]
    fn with_a_correct_clock_an_id_has_the_current_time() {
        let old = Ulid::from_parts(7, 7);
        let age = next_id([old]).datetime().elapsed().unwrap();
        assert!(age < Duration::from_secs(600), "{age:?}");
    }

    #[test]
    fn names_that_do_not_begin_with_an_id_are_ignored() {
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
