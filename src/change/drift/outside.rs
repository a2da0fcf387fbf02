//! Finds what differs between a resource as it is now and as it was known: in the state, or as an accepted value.
//!
//! Lists are compared as sets: one more rule in a list of rules is one difference, wherever it is.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::exposure;
use super::known::KnownValues;
use super::stored::{AbsorbedValue, AcceptedValue, ValueDigest, apart};
use crate::change::diff::{Difference, join};

/// Shown for an accepted value: only its digest is known.
pub static NOT_STORED: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| "(not stored)".into());

static NULL: Value = Value::Null;

/// A difference, and the path of the value that has it. That path ends at the first list.
pub struct OutsideDifference<'a> {
    pub shown: Difference<'a>,
    pub path: Vec<String>,
    pub compared_with: ComparedWith,
}

/// What a value differs from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedWith {
    /// The state, or an accepted value.
    Known,
    /// The known value before an apply wrote another one into the state. `opened`: the other one opens the resource to
    /// everybody, and this one did not.
    BeforeApply { opened: bool },
    /// The same where nobody had looked yet. A provider may have filled in the other value.
    BeforeFirstLook { opened: bool },
}

impl From<&AbsorbedValue> for ComparedWith {
    fn from(absorbed: &AbsorbedValue) -> Self {
        let opened = absorbed.opens_to_everybody;
        match absorbed.is_compared {
            true => Self::BeforeApply { opened },
            false => Self::BeforeFirstLook { opened },
        }
    }
}

/// The differences of one resource. `change` has the format of an entry in `resource_drift`.
pub fn differences<'a>(
    address: &'a str,
    change: &'a Value,
    known: &'a KnownValues<'a>,
) -> Vec<OutsideDifference<'a>> {
    let absorbed = known.absorbed.get(address).map(Vec::as_slice).unwrap_or_default();
    let mut walk = Walk { address, accepted: known.of(address), absorbed, known, found: Vec::new() };
    let sides = Sides {
        before: &change["before"],
        after: &change["after"],
        before_sensitive: &change["before_sensitive"],
        after_sensitive: &change["after_sensitive"],
    };
    walk.object(&sides, String::new(), &[]);
    walk.found
}

#[derive(Clone, Copy)]
struct Sides<'a> {
    before: &'a Value,
    after: &'a Value,
    before_sensitive: &'a Value,
    after_sensitive: &'a Value,
}

impl<'a> Sides<'a> {
    fn key(&self, key: &str) -> Self {
        Self {
            before: self.before.get(key).unwrap_or(&NULL),
            after: self.after.get(key).unwrap_or(&NULL),
            before_sensitive: mark(self.before_sensitive, |mark| mark.get(key)),
            after_sensitive: mark(self.after_sensitive, |mark| mark.get(key)),
        }
    }

    /// One element of each list. None means that the list does not have it.
    fn elements(&self, before: Option<usize>, after: Option<usize>) -> Self {
        let value = |list: &'a Value, index: Option<usize>| index.map_or(&NULL, |index| &list[index]);
        let of_mark = |marks: &'a Value, index: Option<usize>| {
            mark(marks, |mark| index.and_then(|index| mark.get(index)))
        };
        Self {
            before: value(self.before, before),
            after: value(self.after, after),
            before_sensitive: of_mark(self.before_sensitive, before),
            after_sensitive: of_mark(self.after_sensitive, after),
        }
    }

    fn is_sensitive(&self) -> bool {
        [self.before_sensitive, self.after_sensitive].contains(&&Value::Bool(true))
    }
}

/// The keys of both.
fn keys<'a>(before: &'a Map<String, Value>, after: &'a Map<String, Value>) -> BTreeSet<&'a String> {
    before.keys().chain(after.keys()).collect()
}

/// A mark on a container applies to all its parts.
fn mark<'a>(mark: &'a Value, part: impl Fn(&'a Value) -> Option<&'a Value>) -> &'a Value {
    if mark == &Value::Bool(true) { mark } else { part(mark).unwrap_or(&NULL) }
}

struct Walk<'a> {
    address: &'a str,
    accepted: &'a [AcceptedValue],
    absorbed: &'a [AbsorbedValue],
    known: &'a KnownValues<'a>,
    found: Vec<OutsideDifference<'a>>,
}

impl<'a> Walk<'a> {
    /// `path`: the keys so far.
    fn object(&mut self, sides: &Sides<'a>, shown: String, path: &[String]) {
        if self.against_known(sides, &shown, path) || sides.before == sides.after && !self.knows_below(path) {
            return;
        }
        match (sides.before, sides.after) {
            (Value::Object(before), Value::Object(after))
                if !sides.is_sensitive() || self.absorbed_below(path) =>
            {
                for key in keys(before, after) {
                    let path = [path, std::slice::from_ref(key)].concat();
                    // The keys of a sensitive value are not shown.
                    let below = match sides.is_sensitive() {
                        true => shown.clone(),
                        false => join(&shown, &key.as_str().into()),
                    };
                    self.object(&sides.key(key), below, &path);
                }
            }
            _ => self.value(sides, shown, path),
        }
    }

    fn knows_below(&self, path: &[String]) -> bool {
        let accepted = self.known.is_current && self.accepted.iter().any(|one| one.path.starts_with(path));
        accepted || self.absorbed_below(path)
    }

    fn absorbed_below(&self, path: &[String]) -> bool {
        self.absorbed.iter().any(|one| one.path.starts_with(path))
    }

    /// A value without accepted values below it.
    fn value(&mut self, sides: &Sides<'a>, shown: String, path: &[String]) {
        if sides.before == sides.after {
            return;
        }
        match (sides.before, sides.after) {
            _ if sides.is_sensitive() => self.push(sides, shown, path),
            (Value::Array(before), Value::Array(after)) => self.list(sides, (before, after), shown, path),
            (Value::Object(before), Value::Object(after)) => {
                for key in keys(before, after) {
                    self.value(&sides.key(key), join(&shown, &key.as_str().into()), path);
                }
            }
            _ => self.push(sides, shown, path),
        }
    }

    fn list(
        &mut self,
        sides: &Sides<'a>,
        (before, after): (&[Value], &[Value]),
        shown: String,
        path: &[String],
    ) {
        let (gone, come) = apart(before, after);
        let at = |index: usize| join(&shown, &index.into());
        match gone.len() == come.len() {
            // The same elements in another order.
            true if gone.is_empty() => self.push(sides, shown, path),
            true => {
                for (was, is) in gone.into_iter().zip(come) {
                    let one = sides.elements(Some(was), Some(is));
                    match exposure::grants_more(one.before, one.after) {
                        // The ports of a rule say little without its addresses.
                        true => self.push(&one, at(is), path),
                        false => self.value(&one, at(is), path),
                    }
                }
            }
            false => {
                for was in gone {
                    self.push(&sides.elements(Some(was), None), at(was), path);
                }
                for is in come {
                    self.push(&sides.elements(None, Some(is)), at(is), path);
                }
            }
        }
    }

    /// Compares with what is known of exactly this value beside the state. False if nothing is.
    fn against_known(&mut self, sides: &Sides<'a>, shown: &str, path: &[String]) -> bool {
        let absorbed = self.absorbed.iter().find(|one| one.path == path);
        if absorbed.is_none() && self.accepted.iter().all(|one| one.path != path) {
            return false;
        }
        let now = self.known.accept(self.address, path, sides.after).digest;
        let Some(expected) = self.known.expected(self.address, path, sides.before, &now) else {
            return false;
        };
        if now == expected {
            return true;
        }
        let unknown = Sides { before: &NOT_STORED, ..*sides };
        let (ValueDigest::Elements(then), ValueDigest::Elements(now)) = (&expected, &now) else {
            let compared_with = absorbed.map_or(ComparedWith::Known, ComparedWith::from);
            self.push_as(&unknown, shown.to_owned(), path, compared_with);
            return true;
        };
        let (gone, come) = apart(then, now);
        if come.is_empty() {
            let compared_with = compared_with(absorbed, gone.iter().map(|&index| &then[index]));
            self.push_as(&unknown, shown.to_owned(), path, compared_with);
        }
        for &index in &come {
            let one = sides.elements(None, Some(index));
            let before = if gone.is_empty() { &NULL } else { &*NOT_STORED };
            let compared_with = compared_with(absorbed, std::iter::once(&now[index]));
            self.push_as(&Sides { before, ..one }, join(shown, &index.into()), path, compared_with);
        }
        true
    }

    fn push(&mut self, sides: &Sides<'a>, shown: String, path: &[String]) {
        self.push_as(sides, shown, path, ComparedWith::Known);
    }

    fn push_as(&mut self, sides: &Sides<'a>, shown: String, path: &[String], compared_with: ComparedWith) {
        let shown = Difference {
            path: shown,
            before: sides.before,
            after: sides.after,
            unknown: false,
            sensitive: sides.is_sensitive(),
            replaces: false,
        };
        self.found.push(OutsideDifference { shown, path: path.to_owned(), compared_with });
    }
}

/// What these elements of a list differ from.
fn compared_with<'a>(
    absorbed: Option<&AbsorbedValue>,
    mut elements: impl Iterator<Item = &'a String>,
) -> ComparedWith {
    match absorbed {
        Some(absorbed) if elements.all(|one| absorbed.changes(one)) => absorbed.into(),
        _ => ComparedWith::Known,
    }
}
