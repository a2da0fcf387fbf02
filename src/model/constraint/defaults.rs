//! Fills in the defaults of optional attributes, before a value is converted.

use std::collections::BTreeMap;

use super::convert::convert;
use super::types::Constraint;
use super::unify::{ConversionMode, unify};
use super::value::Typed;

/// A value that does not fit the constraint stays unchanged: the conversion reports it later.
pub(super) fn fill<'a>(constraint: &'a Constraint, value: Typed<'a>) -> Typed<'a> {
    if value.is_null() || !has_defaults(constraint) {
        return value;
    }
    match value {
        Typed::Tuple(items) => Typed::Tuple(fill_items(constraint, items)),
        Typed::List(of, items) => collected(fill_items(constraint, items), of, Typed::List),
        Typed::Set(of, items) => collected(fill_items(constraint, items), of, Typed::Set),
        Typed::Object(entries) => Typed::Object(fill_entries(constraint, entries)),
        Typed::Map(of, entries) => {
            let entries = fill_entries(constraint, entries);
            if entries.is_empty() {
                return Typed::Map(of, entries);
            }
            match agreed(entries.values()) {
                Some((of, values)) => Typed::Map(of, entries.into_keys().zip(values).collect()),
                None => Typed::Object(entries),
            }
        }
        other => other,
    }
}

fn has_defaults(constraint: &Constraint) -> bool {
    match constraint {
        Constraint::Any | Constraint::String | Constraint::Number | Constraint::Bool => false,
        Constraint::List(of) | Constraint::Set(of) | Constraint::Map(of) => has_defaults(of),
        Constraint::Tuple(items) => items.iter().any(has_defaults),
        Constraint::Object(attributes) => {
            attributes.values().any(|one| one.default.is_some() || has_defaults(&one.constraint))
        }
    }
}

fn fill_items<'a>(constraint: &'a Constraint, items: Vec<Typed<'a>>) -> Vec<Typed<'a>> {
    let below = |place: usize| match constraint {
        Constraint::Tuple(items) => items.get(place),
        Constraint::List(of) | Constraint::Set(of) | Constraint::Map(of) => Some(&**of),
        _ => None,
    };
    items
        .into_iter()
        .enumerate()
        .map(|(place, item)| match below(place) {
            Some(constraint) => fill(constraint, item),
            None => item,
        })
        .collect()
}

fn fill_entries<'a>(
    constraint: &'a Constraint,
    entries: BTreeMap<String, Typed<'a>>,
) -> BTreeMap<String, Typed<'a>> {
    let below = |key: &str| match constraint {
        Constraint::Object(attributes) => attributes.get(key).map(|one| &one.constraint),
        Constraint::List(of) | Constraint::Set(of) | Constraint::Map(of) => Some(&**of),
        _ => None,
    };
    let mut filled: BTreeMap<String, Typed<'a>> = entries
        .into_iter()
        .map(|(key, value)| match below(&key) {
            Some(constraint) => (key, fill(constraint, value)),
            None => (key, value),
        })
        .collect();
    if let Constraint::Object(attributes) = constraint {
        for (name, attribute) in attributes {
            let Some(default) = &attribute.default else {
                continue;
            };
            if filled.get(name).is_none_or(Typed::is_null)
                && let Ok(default) = convert(Typed::from_json(default), &attribute.constraint.shape())
            {
                filled.insert(name.clone(), fill(&attribute.constraint, default));
            }
        }
    }
    filled
}

/// Builds the collection again. If the types of its values differ now, returns a tuple.
fn collected<'a>(
    items: Vec<Typed<'a>>,
    of: Constraint,
    collection: fn(Constraint, Vec<Typed<'a>>) -> Typed<'a>,
) -> Typed<'a> {
    if items.is_empty() {
        return collection(of, items);
    }
    match agreed(items.iter()) {
        Some((of, items)) => collection(of, items),
        None => Typed::Tuple(items),
    }
}

fn agreed<'a, 'b>(values: impl Iterator<Item = &'b Typed<'a>> + Clone) -> Option<(Constraint, Vec<Typed<'a>>)>
where
    'a: 'b,
{
    let of = unify(values.clone().map(Typed::kind), ConversionMode::Unsafe)?;
    let values: Result<Vec<_>, _> = values.map(|one| convert(one.clone(), &of)).collect();
    Some((of, values.ok()?))
}
