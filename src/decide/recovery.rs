//! Decides how to recover after a run that crashed: an incomplete state file, or a state that was never saved.

use serde::Deserialize;

use super::Remembered;

/// The values that distinguish versions of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Head {
    #[serde(default)]
    pub lineage: String,
    #[serde(default)]
    pub serial: u64,
    version: u64,
}

impl Head {
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
pub enum Found {
    Whole(Head),
    Absent,
    /// Terraform truncates the file before it writes, and treats an empty file as absent.
    Empty,
    /// Truncated, or not a state at all.
    Broken,
}

impl Found {
    pub fn of(text: Option<&[u8]>) -> Self {
        match text {
            None => Self::Absent,
            Some(text) if text.iter().all(u8::is_ascii_whitespace) => Self::Empty,
            Some(text) => Head::parse(text).map_or(Self::Broken, Self::Whole),
        }
    }

    pub fn head(&self) -> Option<&Head> {
        match self {
            Self::Whole(head) => Some(head),
            _ => None,
        }
    }
}

/// What happens to a local state file. The numbers are positions in the list of copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalState {
    /// The file is complete, or nothing can be done about it.
    Leave,
    /// The first run was interrupted during its first write. No earlier state exists.
    SetAside,
    Restore(usize),
    /// The newest copy of the state is older than the state in the record.
    Refuse(usize),
}

/// `unfinished`: an apply began and nobody saw its end. `least` is what the record knew before that apply.
pub fn local_state(
    found: &Found,
    unfinished: bool,
    least: Option<&Remembered>,
    copies: &[Head],
) -> LocalState {
    match found {
        Found::Whole(_) => return LocalState::Leave,
        // No run crashed, so a person removed the file. The comparison with the record decides later whether that is
        // allowed.
        Found::Absent if !unfinished => return LocalState::Leave,
        Found::Absent | Found::Empty | Found::Broken => {}
    }
    let least = least.filter(|least| !least.lineage.is_empty());
    let newest = copies
        .iter()
        .enumerate()
        .filter(|(_, copy)| least.is_none_or(|least| least.lineage == copy.lineage))
        .max_by_key(|(_, copy)| copy.serial);
    match (newest, least) {
        (Some((copy, head)), Some(least)) if head.serial < least.serial => LocalState::Refuse(copy),
        (Some((copy, _)), _) => LocalState::Restore(copy),
        (None, None) if unfinished && *found == Found::Broken => LocalState::SetAside,
        (None, _) => LocalState::Leave,
    }
}

/// What happens to a state that terraform could not save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaved {
    Push,
    /// It was already saved.
    Saved,
    OtherLineage,
    /// The saved state is newer, or has the same serial and other content.
    NotNewer,
}

/// How the saved state compares with the one that could not be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum There {
    Same,
    /// Unchanged since before the apply, byte for byte: terraform raises the serial only after it wrote its backup.
    AsBefore,
    Other,
}

/// `current` is the saved state. If it cannot be read, it is the state in the record.
pub fn unsaved(left: &Head, current: Option<&Head>, there: There) -> Unsaved {
    match current {
        None => Unsaved::Push,
        Some(current) if current.lineage != left.lineage => Unsaved::OtherLineage,
        Some(current) if current.serial < left.serial => Unsaved::Push,
        Some(current) if current.serial > left.serial => Unsaved::NotNewer,
        Some(_) => match there {
            There::Same => Unsaved::Saved,
            There::AsBefore => Unsaved::Push,
            There::Other => Unsaved::NotNewer,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file, whether an apply was interrupted, the record, the copies, the verdict.
    type Row<'a> = (&'a Found, bool, Option<&'a Remembered>, &'a [&'a Head], LocalState);

    #[test]
    fn the_table_decides_how_a_local_state_is_repaired() {
        use LocalState::{Leave, Refuse, Restore, SetAside};
        let least = |serial| Remembered { lineage: "a".to_owned(), serial, resources: 1 };
        let (a4, a5, a6, b9) = (Head::new("a", 4), Head::new("a", 5), Head::new("a", 6), Head::new("b", 9));
        let whole = Found::Whole(a5.clone());
        let nothing = Remembered::default();
        #[rustfmt::skip]
        let table: &[Row<'_>] = &[
            (&whole, true, Some(&least(5)), &[&a6], Leave),
            (&Found::Absent, false, Some(&least(5)), &[&a6], Leave),
            (&Found::Absent, false, None, &[], Leave),
            (&Found::Absent, true, Some(&least(5)), &[&a6], Restore(0)),
            (&Found::Absent, true, None, &[], Leave),
            (&Found::Empty, true, Some(&least(5)), &[&a5, &a6], Restore(1)),
            (&Found::Empty, true, Some(&least(5)), &[&a6, &a5, &b9], Restore(0)),
            (&Found::Empty, false, Some(&least(5)), &[&a5], Restore(0)),
            (&Found::Empty, true, Some(&least(5)), &[&a4], Refuse(0)),
            (&Found::Empty, true, Some(&least(5)), &[&b9], Leave),
            (&Found::Empty, true, Some(&least(5)), &[], Leave),
            // A first run: any copy belongs to it. Without a copy, it crashed before its first write was complete.
            (&Found::Empty, true, None, &[&b9], Restore(0)),
            (&Found::Empty, true, Some(&nothing), &[&b9], Restore(0)),
            (&Found::Empty, true, None, &[], Leave),
            (&Found::Empty, false, None, &[], Leave),
            (&Found::Broken, true, Some(&least(5)), &[&a6, &a4], Restore(0)),
            (&Found::Broken, false, Some(&least(5)), &[&a5], Restore(0)),
            (&Found::Broken, true, Some(&least(5)), &[&a4], Refuse(0)),
            (&Found::Broken, true, Some(&least(5)), &[], Leave),
            (&Found::Broken, true, None, &[], SetAside),
            (&Found::Broken, false, None, &[], Leave),
        ];
        for (found, unfinished, least, copies, expected) in table {
            let copies: Vec<_> = copies.iter().map(|&copy| copy.clone()).collect();
            let verdict = local_state(found, *unfinished, *least, &copies);
            assert_eq!(verdict, *expected, "{found:?} {unfinished} {least:?} {copies:?}");
        }
    }

    #[test]
    fn the_table_decides_whether_an_unsaved_state_is_pushed() {
        use There::{AsBefore, Other, Same};
        let left = Head::new("a", 5);
        let table = [
            (None, Other, Unsaved::Push),
            (Some(Head::new("a", 4)), Other, Unsaved::Push),
            (Some(Head::new("a", 5)), Same, Unsaved::Saved),
            (Some(Head::new("a", 5)), AsBefore, Unsaved::Push),
            (Some(Head::new("a", 5)), Other, Unsaved::NotNewer),
            (Some(Head::new("a", 6)), AsBefore, Unsaved::NotNewer),
            (Some(Head::new("b", 1)), AsBefore, Unsaved::OtherLineage),
        ];
        for (current, there, expected) in table {
            assert_eq!(unsaved(&left, current.as_ref(), there), expected, "{current:?} {there:?}");
        }
    }

    #[test]
    fn a_state_without_its_last_byte_is_incomplete() {
        let text = br#"{"version": 4, "serial": 3, "lineage": "l", "resources": [{"mode": "managed"}]}"#;
        assert_eq!(Found::of(Some(text)), Found::Whole(Head::new("l", 3)));
        for cut in 1..text.len() {
            assert_eq!(Found::of(Some(&text[..cut])), Found::Broken, "{cut}");
        }
        assert_eq!(Found::of(Some(b"")), Found::Empty);
        assert_eq!(Found::of(Some(b" \n")), Found::Empty);
        assert_eq!(Found::of(Some(br#"{"version": 3}"#)), Found::Broken);
        assert_eq!(Found::of(None), Found::Absent);
    }
}
