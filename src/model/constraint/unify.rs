//! Decides whether one type converts to another, and finds the common type of several types where a constraint contains
//! `any`. The two questions depend on each other.

use std::collections::BTreeMap;

use super::generality::preference;
use super::types::{
    Constraint::{self, *},
    distinct, object,
};

/// Whether a conversion may fail for some values (text to number) or lose information (list to set).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ConversionMode {
    Safe,
    Unsafe,
}

/// The common type. `None` if there is no such type. Repeated types do not change the answer.
pub(super) fn unify(types: impl IntoIterator<Item = Constraint>, mode: ConversionMode) -> Option<Constraint> {
    let types = distinct(types);
    if types.len() < 2 {
        return types.into_iter().next();
    }
    let count = |is: fn(&Constraint) -> bool| types.iter().filter(|one| is(one)).count();
    let all = types.len();
    let untyped = count(|one| *one == Any);
    let lists = count(|one| matches!(one, List(_)));
    let sets = count(|one| matches!(one, Set(_)));
    let maps = count(|one| matches!(one, Map(_)));
    let objects = count(|one| matches!(one, Object(_)));
    let tuples = count(|one| matches!(one, Tuple(_)));

    if [maps, lists, sets, objects, tuples].iter().any(|kind| *kind > 0 && kind + untyped == all) {
        return match untyped {
            0 => unify_kind(&types, mode),
            // The type that an untyped null will get is not known yet.
            _ => Some(Any),
        };
    }
    if maps > 0 && maps + objects + untyped == all {
        if let Some(found) = as_collections(&types, objects_as_map, mode) {
            return Some(found);
        }
    } else if lists > 0 && lists + tuples + untyped == all {
        if let Some(found) = as_collections(&types, tuples_as_list, mode) {
            return Some(found);
        }
    } else if objects > 0 && tuples > 0 {
        return None;
    }
    let wanted = preference(&types)
        .find(|wanted| types.iter().all(|one| one == *wanted || converts(one, wanted, mode)));
    wanted.cloned()
}

/// All types have the same kind, and none of them is primitive.
fn unify_kind(types: &[Constraint], mode: ConversionMode) -> Option<Constraint> {
    let elements = || {
        types.iter().filter_map(|one| match one {
            List(of) | Set(of) | Map(of) => Some((**of).clone()),
            _ => None,
        })
    };
    let of = || unify(elements(), mode).map(Box::new);
    match &types[0] {
        List(_) => of().map(List),
        Set(_) => of().map(Set),
        Map(_) => of().map(Map),
        Object(first) => {
            let same_names = types.iter().all(|one| {
                matches!(one, Object(other) if other.len() == first.len()
                    && other.keys().all(|name| first.contains_key(name)))
            });
            if !same_names {
                return objects_as_map(types, mode);
            }
            let mut attributes = BTreeMap::new();
            for name in first.keys() {
                let across = types.iter().filter_map(|one| match one {
                    Object(attributes) => Some(attributes[name].constraint.clone()),
                    _ => None,
                });
                attributes.insert(name.clone(), unify(across, mode)?);
            }
            all_convert(types, object(attributes), mode).or_else(|| objects_as_map(types, mode))
        }
        Tuple(first) => {
            let same_length = |one: &Constraint| matches!(one, Tuple(other) if other.len() == first.len());
            if !types.iter().all(same_length) {
                return tuples_as_list(types, mode);
            }
            let mut items = Vec::new();
            for place in 0..first.len() {
                let across = types.iter().filter_map(|one| match one {
                    Tuple(items) => Some(items[place].clone()),
                    _ => None,
                });
                items.push(unify(across, mode)?);
            }
            all_convert(types, Tuple(items), mode).or_else(|| tuples_as_list(types, mode))
        }
        Any | String | Number | Bool => None,
    }
}

fn all_convert(types: &[Constraint], to: Constraint, mode: ConversionMode) -> Option<Constraint> {
    let all = types.iter().all(|one| *one == to || converts(one, &to, mode));
    all.then_some(to)
}

/// Converts objects with different attributes to a map, if all their attributes have a common type. Other types are
/// ignored.
fn objects_as_map(types: &[Constraint], mode: ConversionMode) -> Option<Constraint> {
    let objects: Vec<_> = types.iter().filter(|t| matches!(t, Object(_))).cloned().collect();
    let attributes = objects.iter().flat_map(|one| match one {
        Object(attributes) => attributes.values().map(|a| a.constraint.clone()).collect(),
        _ => Vec::new(),
    });
    let to = Map(Box::new(unify(attributes, mode)?));
    all_convert(&objects, to, mode)
}

/// Converts tuples of different lengths to a list, if all their elements have a common type. Other types are ignored.
fn tuples_as_list(types: &[Constraint], mode: ConversionMode) -> Option<Constraint> {
    let tuples: Vec<_> = types.iter().filter(|t| matches!(t, Tuple(_))).cloned().collect();
    let items = tuples.iter().flat_map(|one| match one {
        Tuple(items) => items.clone(),
        _ => Vec::new(),
    });
    let to = List(Box::new(unify(items, mode)?));
    all_convert(&tuples, to, mode)
}

/// Unifies lists with tuples, or maps with objects. The result must be a list or a map.
fn as_collections(
    types: &[Constraint],
    collect: fn(&[Constraint], ConversionMode) -> Option<Constraint>,
    mode: ConversionMode,
) -> Option<Constraint> {
    let collected = collect(types, mode)?;
    let replaced = types.iter().map(|one| match one {
        Object(_) | Tuple(_) => collected.clone(),
        other => other.clone(),
    });
    unify(replaced, mode).filter(|found| matches!(found, List(_) | Map(_)))
}

/// Whether at least some values of type `from` convert to type `to`.
pub(super) fn converts(from: &Constraint, to: &Constraint, mode: ConversionMode) -> bool {
    let fits = |from: &Constraint, to: &Constraint| from == to || converts(from, to, mode);
    match (from, to) {
        (_, Any) => true,
        (Any, _) => mode == ConversionMode::Unsafe,
        (Number | Bool, String) => true,
        (String, Number | Bool) => mode == ConversionMode::Unsafe,
        (from, to) if from.is_primitive() && to.is_primitive() => from == to,
        (Object(from), Object(to)) => to.iter().all(|(name, wanted)| match from.get(name) {
            Some(given) => fits(&given.constraint, &wanted.constraint),
            None => wanted.optional,
        }),
        (Tuple(from), Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| fits(from, to))
        }
        (List(from) | Set(from), List(to)) | (Set(from), Set(to)) | (Map(from), Map(to)) => fits(from, to),
        (List(from), Set(to)) => mode == ConversionMode::Unsafe && fits(from, to),
        (Tuple(from), List(to) | Set(to)) => {
            from.is_empty()
                || common(from, to, mode)
                    .filter(|common| sequence_may_hold(common, from))
                    .is_some_and(|to| from.iter().all(|from| fits(from, &to)))
        }
        (Object(from), Map(to)) => {
            let from: Vec<_> = from.values().map(|a| a.constraint.clone()).collect();
            from.is_empty()
                || common(&from, to, mode).is_some_and(|to| from.iter().all(|from| fits(from, &to)))
        }
        (Map(from), Object(to)) => {
            mode == ConversionMode::Unsafe
                && to.values().all(|wanted| wanted.optional || fits(from, &wanted.constraint))
        }
        _ => false,
    }
}

/// The type to which all elements convert: the requested type, or for `any` their common type.
fn common(from: &[Constraint], to: &Constraint, mode: ConversionMode) -> Option<Constraint> {
    match to {
        Constraint::Any => unify(from.iter().cloned(), mode),
        known => Some(known.clone()),
    }
}

/// A list or set without a known element type may contain only untyped nulls.
pub(super) fn sequence_may_hold(common: &Constraint, from: &[Constraint]) -> bool {
    *common != Constraint::Any || from.iter().all(|one| *one == Constraint::Any)
}
