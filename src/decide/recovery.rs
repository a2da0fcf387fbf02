//! What to do with what a dead run left: a state that is not whole, one that was never saved.

use serde::Deserialize;

use super::Remembered;

/// What tells one version of a state from another.
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

    /// Reads the whole text: a state that was cut short has no head. Fails with what is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let head: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        match head.version {
            4 => Ok(head),
            version => Err(format!("its version is {version}, not 4")),
        }
    }
}

/// A local state file, as it stands at the start of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Whole(Head),
    Absent,
    /// Terraform truncates it before it writes, and takes an empty one for none.
    Empty,
    /// Cut short, or something else altogether.
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

/// What becomes of a local state file; a number is a copy's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalState {
    /// It is whole, or there is nothing that could be done for it.
    Leave,
    /// The first run was cut off in its first write: nothing was known before it.
    SetAside,
    Restore(usize),
    /// The newest copy of it is older than what is remembered.
    Refuse(usize),
}

/// `unfinished`: an apply began and was not seen to end. `least` is what was remembered before it.
pub fn local_state(
    found: &Found,
    unfinished: bool,
    least: Option<&Remembered>,
    copies: &[Head],
) -> LocalState {
    match found {
        Found::Whole(_) => return LocalState::Leave,
        // Without a dead run somebody took it away, and what is remembered says whether that may be.
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

/// What becomes of a state that terraform could not save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaved {
    Push,
    /// It stands there already.
    Saved,
    OtherLineage,
    /// What stands there is newer, or as new and different.
    NotNewer,
}

/// How what stands in a state's place compares with one that could not be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum There {
    Same,
    /// Byte for byte as before the apply: terraform raises the serial only after its backup is written.
    AsBefore,
    Other,
}

/// `current` is the state in its place or, where none can be read, the one remembered.
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

    /// What was found, whether an apply was cut off, what is remembered, the copies, the verdict.
    type Row<'a> = (&'a Found, bool, Option<&'a Remembered>, &'a [&'a Head], LocalState);

    #[test]
    fn a_local_state_is_put_right_as_the_table_says() {
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
            // A first run: any copy is its own; without one it died before its first write was whole.
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
    fn an_unsaved_state_is_pushed_as_the_table_says() {
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
    fn a_state_is_whole_only_to_its_last_byte() {
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
