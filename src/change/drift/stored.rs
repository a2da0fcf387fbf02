//! Values that are stored beside the state, as keyed digests: accepted ones, and those that an apply has absorbed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Address of a resource to its accepted values.
pub type AcceptedValues = BTreeMap<String, Vec<AcceptedValue>>;

/// One accepted value. Only its keyed digest is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedValue {
    /// Keys below the resource. A path ends at the first list or set.
    pub path: Vec<String>,
    pub digest: ValueDigest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ValueDigest {
    Whole(String),
    /// A list or a set: a digest for each element.
    Elements(Vec<String>),
}

/// Address of a resource to its absorbed values.
pub type AbsorbedValues = BTreeMap<String, Vec<AbsorbedValue>>;

/// A value that was changed outside and is in the state. Only keyed digests are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsorbedValue {
    /// Keys below the resource. A path ends at the first list or set.
    pub path: Vec<String>,
    pub before: ValueDigest,
    pub found: ValueDigest,
    /// Whether the baseline had the value before. If not, a provider may have filled in the new one.
    pub is_compared: bool,
    pub opens_to_everybody: bool,
}

impl AbsorbedValue {
    /// `base` without this change: what the value would be if nobody had changed it outside.
    pub fn without(&self, base: &ValueDigest) -> ValueDigest {
        let (ValueDigest::Elements(before), ValueDigest::Elements(found), ValueDigest::Elements(base)) =
            (&self.before, &self.found, base)
        else {
            return if *base == self.found { self.before.clone() } else { base.clone() };
        };
        let (gone, come) = apart(before, found);
        let mut elements = base.clone();
        for index in come {
            if let Some(place) = elements.iter().position(|one| *one == found[index]) {
                elements.remove(place);
            }
        }
        // If elements that were found are missing now, an apply has changed the list since.
        let is_as_found = apart(found, base).0.is_empty();
        let (not_back, _) = apart(before, &elements);
        let missing = gone.into_iter().filter(|index| is_as_found && not_back.contains(index));
        elements.extend(missing.map(|index| before[index].clone()));
        ValueDigest::Elements(elements)
    }

    /// Whether this element of a list came or went by this change.
    pub fn changes(&self, element: &String) -> bool {
        match (&self.before, &self.found) {
            (ValueDigest::Elements(before), ValueDigest::Elements(found)) => {
                before.contains(element) != found.contains(element)
            }
            _ => true,
        }
    }
}

/// The indices of what only the first list has, and of what only the second has. Equal elements count as often as they
/// occur.
pub fn apart<T: PartialEq>(before: &[T], after: &[T]) -> (Vec<usize>, Vec<usize>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(list: &str) -> ValueDigest {
        ValueDigest::Elements(list.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn a_value_is_expected_as_it_was_before_the_change_outside() {
        let absorbed = |before: ValueDigest, found: ValueDigest| AbsorbedValue {
            path: vec!["rules".to_owned()],
            before,
            found,
            is_compared: true,
            opens_to_everybody: false,
        };
        // The list before, as it was found, as the state has it after the apply, and as it should be.
        for (before, found, base, expected) in [
            ("a b", "a b x", "a b x", "a b"),
            ("a b", "a b x", "a b x c", "a b c"),
            ("a b", "a b x", "a b", "a b"),
            ("a b", "a", "a", "a b"),
            ("a b", "a", "b", "b"),
            ("a a", "a", "a", "a a"),
            ("a b", "x b", "x b c", "b c a"),
            ("a b", "x b", "", ""),
            ("a b", "a", "a b", "a b"),
        ] {
            let without = absorbed(elements(before), elements(found)).without(&elements(base));
            assert_eq!(without, elements(expected), "{before}, {found}, {base}");
        }
        let whole = |text: &str| ValueDigest::Whole(text.to_owned());
        let absorbed = absorbed(whole("one"), whole("by hand"));
        assert_eq!(absorbed.without(&whole("by hand")), whole("one"));
        assert_eq!(absorbed.without(&whole("two")), whole("two"), "an apply has set it since");
    }
}
