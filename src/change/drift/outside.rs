//! Finds what differs between a resource as it is now and as it was known: in the state, or as an accepted value.
//!
//! Lists are compared as sets: one more rule in a list of rules is one difference, wherever it is.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::accepted::{AcceptedValue, KnownValues, ValueDigest};
use super::exposure;
use crate::change::diff::{Difference, join};

/// Shown for an accepted value: only its digest is known.
pub static NOT_STORED: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| "(not stored)".into());

static NULL: Value = Value::Null;

/// A difference, and the path of the value that has it. That path ends at the first list.
pub struct OutsideDifference<'a> {
    pub shown: Difference<'a>,
    pub path: Vec<String>,
}

/// The differences of one resource. `change` has the format of an entry in `resource_drift`.
pub fn differences<'a>(
    address: &'a str,
    change: &'a Value,
    known: &'a KnownValues<'a>,
) -> Vec<OutsideDifference<'a>> {
    let mut walk = Walk { address, accepted: known.of(address), known, found: Vec::new() };
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
    known: &'a KnownValues<'a>,
    found: Vec<OutsideDifference<'a>>,
}

impl<'a> Walk<'a> {
    /// `path`: the keys so far.
    fn object(&mut self, sides: &Sides<'a>, shown: String, path: &[String]) {
        if let Some(accepted) = self.accepted.iter().find(|one| one.path == path) {
            let equal = self.against(accepted, sides, &shown, path);
            if equal || self.known.is_current {
                return;
            }
        }
        let is_below = |one: &&AcceptedValue| one.path.starts_with(path);
        if sides.before == sides.after
            && !(self.known.is_current && self.accepted.iter().any(|one| is_below(&one)))
        {
            return;
        }
        match (sides.before, sides.after) {
            (Value::Object(before), Value::Object(after)) if !sides.is_sensitive() => {
                for key in keys(before, after) {
                    let path = [path, std::slice::from_ref(key)].concat();
                    self.object(&sides.key(key), join(&shown, &key.as_str().into()), &path);
                }
            }
            _ => self.value(sides, shown, path),
        }
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

    /// Compares with an accepted value, and returns whether it is still the same.
    fn against(&mut self, accepted: &AcceptedValue, sides: &Sides<'a>, shown: &str, path: &[String]) -> bool {
        let now = self.known.accept(self.address, path, sides.after).digest;
        if now == accepted.digest {
            return true;
        }
        if !self.known.is_current {
            return false;
        }
        let unknown = Sides { before: &NOT_STORED, ..*sides };
        let (ValueDigest::Elements(then), ValueDigest::Elements(now)) = (&accepted.digest, &now) else {
            self.push(&unknown, shown.to_owned(), path);
            return false;
        };
        let (gone, come) = apart(then, now);
        if come.is_empty() {
            self.push(&unknown, shown.to_owned(), path);
        }
        for &index in &come {
            let one = sides.elements(None, Some(index));
            let before = if gone.is_empty() { &NULL } else { &*NOT_STORED };
            self.push(&Sides { before, ..one }, join(shown, &index.into()), path);
        }
        false
    }

    fn push(&mut self, sides: &Sides<'a>, shown: String, path: &[String]) {
        let shown = Difference {
            path: shown,
            before: sides.before,
            after: sides.after,
            unknown: false,
            sensitive: sides.is_sensitive(),
            replaces: false,
        };
        self.found.push(OutsideDifference { shown, path: path.to_owned() });
    }
}

/// The indices of what only the first list has, and of what only the second has. Equal elements count as often as they
/// occur.
fn apart<T: PartialEq>(before: &[T], after: &[T]) -> (Vec<usize>, Vec<usize>) {
    let mut gone: Vec<_> = (0..before.len()).collect();
    let mut come = Vec::new();
    for (index, one) in after.iter().enumerate() {
        match gone.iter().position(|&was| before[was] == *one) {
            Some(at) => drop(gone.remove(at)),
            None => come.push(index),
        }
    }
    (gone, come)
}
