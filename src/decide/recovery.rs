//! Decides how to recover after a run that crashed: an incomplete state file, or a state that was never saved.

use serde::Deserialize;

use super::RecordedState;

/// The values that distinguish versions of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct StateVersion {
    #[serde(default)]
    pub lineage: String,
    #[serde(default)]
    pub serial: u64,
    version: u64,
}

impl StateVersion {
    pub fn new(lineage: &str, serial: u64) -> Self {
        Self { lineage: lineage.to_owned(), serial, version: 4 }
    }

    /// Parses the whole text: a truncated state has no head. The error says what is wrong with the text.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let head: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        match head.version {
            4 => Ok(head),
            version => Err(format!("its version is {version}, not 4")),
        }
    }
}

/// A local state file, as found at the start of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum StateFile {
    Whole(StateVersion),
    Absent,
    /// Terraform truncates the file before it writes, and treats an empty file as absent.
    Empty,
    /// Truncated, or not a state at all.
    Broken,
}

impl StateFile {
    pub fn of(text: Option<&[u8]>) -> Self {
        match text {
            None => Self::Absent,
            Some(text) if text.iter().all(u8::is_ascii_whitespace) => Self::Empty,
            Some(text) => StateVersion::parse(text).map_or(Self::Broken, Self::Whole),
        }
    }

    pub fn head(&self) -> Option<&StateVersion> {
        match self {
            Self::Whole(head) => Some(head),
            _ => None,
        }
    }
}

/// What happens to a local state file. The numbers are positions in the list of copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalStateAction {
    /// The file is complete, or nothing can be done about it.
    Leave,
    /// The first run was interrupted during its first write. No earlier state exists.
    SetAside,
    Restore(usize),
    /// The newest copy of the state is older than the state in the record.
    Refuse(usize),
}

/// `unfinished`: an apply began and nobody saw its end. `least` is what the record knew before that apply.
pub fn local_state_action(
    state_file: &StateFile,
    unfinished: bool,
    least: Option<&RecordedState>,
    copies: &[StateVersion],
) -> LocalStateAction {
    match state_file {
        StateFile::Whole(_) => return LocalStateAction::Leave,
        // No run crashed, so a person removed the file. The comparison with the record decides later whether that is
        // allowed.
        StateFile::Absent if !unfinished => return LocalStateAction::Leave,
        StateFile::Absent | StateFile::Empty | StateFile::Broken => {}
    }
    let least = least.filter(|least| !least.lineage.is_empty());
    let newest = copies
        .iter()
        .enumerate()
        .filter(|(_, copy)| least.is_none_or(|least| least.lineage == copy.lineage))
        .max_by_key(|(_, copy)| copy.serial);
    match (newest, least) {
        (Some((copy, head)), Some(least)) if head.serial < least.serial => LocalStateAction::Refuse(copy),
        (Some((copy, _)), _) => LocalStateAction::Restore(copy),
        (None, None) if unfinished && *state_file == StateFile::Broken => LocalStateAction::SetAside,
        (None, _) => LocalStateAction::Leave,
    }
}

/// What happens to a state that terraform could not save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsavedStateAction {
    Push,
    /// It was already saved.
    Saved,
    OtherLineage,
    /// The saved state is newer, or has the same serial and other content.
    NotNewer,
}

/// How the saved state compares with the one that could not be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateComparison {
    Same,
    /// Unchanged since before the apply, byte for byte: terraform raises the serial only after it wrote its backup.
    AsBefore,
    Other,
}

/// `current` is the saved state. If it cannot be read, it is the state in the record.
pub fn unsaved_state_action(
    leftover: &StateVersion,
    current: Option<&StateVersion>,
    comparison: StateComparison,
) -> UnsavedStateAction {
    match current {
        None => UnsavedStateAction::Push,
        Some(current) if current.lineage != leftover.lineage => UnsavedStateAction::OtherLineage,
        Some(current) if current.serial < leftover.serial => UnsavedStateAction::Push,
        Some(current) if current.serial > leftover.serial => UnsavedStateAction::NotNewer,
        Some(_) => match comparison {
            StateComparison::Same => UnsavedStateAction::Saved,
            StateComparison::AsBefore => UnsavedStateAction::Push,
            StateComparison::Other => UnsavedStateAction::NotNewer,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file, whether an apply was interrupted, the record, the copies, the verdict.
    type Row<'a> = (&'a StateFile, bool, Option<&'a RecordedState>, &'a [&'a StateVersion], LocalStateAction);

    #[test]
    fn the_table_decides_how_a_local_state_is_repaired() {
        use LocalStateAction::{Leave, Refuse, Restore, SetAside};
        let least = |serial| RecordedState { lineage: "a".to_owned(), serial, resources: 1 };
        let (a4, a5, a6, b9) = (
            StateVersion::new("a", 4),
            StateVersion::new("a", 5),
            StateVersion::new("a", 6),
            StateVersion::new("b", 9),
        );
        let whole = StateFile::Whole(a5.clone());
        let nothing = RecordedState::default();
        #[rustfmt::skip]
        let table: &[Row<'_>] = &[
            (&whole, true, Some(&least(5)), &[&a6], Leave),
            (&StateFile::Absent, false, Some(&least(5)), &[&a6], Leave),
            (&StateFile::Absent, false, None, &[], Leave),
            (&StateFile::Absent, true, Some(&least(5)), &[&a6], Restore(0)),
            (&StateFile::Absent, true, None, &[], Leave),
            (&StateFile::Empty, true, Some(&least(5)), &[&a5, &a6], Restore(1)),
            (&StateFile::Empty, true, Some(&least(5)), &[&a6, &a5, &b9], Restore(0)),
            (&StateFile::Empty, false, Some(&least(5)), &[&a5], Restore(0)),
            (&StateFile::Empty, true, Some(&least(5)), &[&a4], Refuse(0)),
            (&StateFile::Empty, true, Some(&least(5)), &[&b9], Leave),
            (&StateFile::Empty, true, Some(&least(5)), &[], Leave),
            // A first run: any copy belongs to it. Without a copy, it crashed before its first write was complete.
            (&StateFile::Empty, true, None, &[&b9], Restore(0)),
            (&StateFile::Empty, true, Some(&nothing), &[&b9], Restore(0)),
            (&StateFile::Empty, true, None, &[], Leave),
            (&StateFile::Empty, false, None, &[], Leave),
            (&StateFile::Broken, true, Some(&least(5)), &[&a6, &a4], Restore(0)),
            (&StateFile::Broken, false, Some(&least(5)), &[&a5], Restore(0)),
            (&StateFile::Broken, true, Some(&least(5)), &[&a4], Refuse(0)),
            (&StateFile::Broken, true, Some(&least(5)), &[], Leave),
            (&StateFile::Broken, true, None, &[], SetAside),
            (&StateFile::Broken, false, None, &[], Leave),
        ];
        for (state_file, unfinished, least, copies, expected) in table {
            let copies: Vec<_> = copies.iter().map(|&copy| copy.clone()).collect();
            let verdict = local_state_action(state_file, *unfinished, *least, &copies);
            assert_eq!(verdict, *expected, "{state_file:?} {unfinished} {least:?} {copies:?}");
        }
    }

    #[test]
    fn the_table_decides_whether_an_unsaved_state_is_pushed() {
        use StateComparison::{AsBefore, Other, Same};
        let leftover = StateVersion::new("a", 5);
        let table = [
            (None, Other, UnsavedStateAction::Push),
            (Some(StateVersion::new("a", 4)), Other, UnsavedStateAction::Push),
            (Some(StateVersion::new("a", 5)), Same, UnsavedStateAction::Saved),
            (Some(StateVersion::new("a", 5)), AsBefore, UnsavedStateAction::Push),
            (Some(StateVersion::new("a", 5)), Other, UnsavedStateAction::NotNewer),
            (Some(StateVersion::new("a", 6)), AsBefore, UnsavedStateAction::NotNewer),
            (Some(StateVersion::new("b", 1)), AsBefore, UnsavedStateAction::OtherLineage),
        ];
        for (current, comparison, expected) in table {
            assert_eq!(
                unsaved_state_action(&leftover, current.as_ref(), comparison),
                expected,
                "{current:?} {comparison:?}"
            );
        }
    }

    #[test]
    fn a_state_without_its_last_byte_is_incomplete() {
        let text = br#"{"version": 4, "serial": 3, "lineage": "l", "resources": [{"mode": "managed"}]}"#;
        assert_eq!(StateFile::of(Some(text)), StateFile::Whole(StateVersion::new("l", 3)));
        for cut in 1..text.len() {
            assert_eq!(StateFile::of(Some(&text[..cut])), StateFile::Broken, "{cut}");
        }
        assert_eq!(StateFile::of(Some(b"")), StateFile::Empty);
        assert_eq!(StateFile::of(Some(b" \n")), StateFile::Empty);
        assert_eq!(StateFile::of(Some(br#"{"version": 3}"#)), StateFile::Broken);
        assert_eq!(StateFile::of(None), StateFile::Absent);
    }
}
