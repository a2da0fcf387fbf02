//! The one type that several types become, where a constraint says `any` for elements.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::kinds::{Mode, converts, distinct, object};
use crate::model::Constraint::{self, *};

/// `None`: there is no such type. Repeated types do not change the answer.
pub(super) fn unify(types: impl IntoIterator<Item = Constraint>, mode: Mode) -> Option<Constraint> {
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
            // What an untyped null will become is not known yet.
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

/// Types of one and the same kind, none of them primitive.
fn unify_kind(types: &[Constraint], mode: Mode) -> Option<Constraint> {
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

fn all_convert(types: &[Constraint], to: Constraint, mode: Mode) -> Option<Constraint> {
    let all = types.iter().all(|one| *one == to || converts(one, &to, mode));
    all.then_some(to)
}

/// Objects of different attributes are maps, if all their attributes agree; other types are left out.
fn objects_as_map(types: &[Constraint], mode: Mode) -> Option<Constraint> {
    let objects: Vec<_> = types.iter().filter(|t| matches!(t, Object(_))).cloned().collect();
    let attributes = objects.iter().flat_map(|one| match one {
        Object(attributes) => attributes.values().map(|a| a.constraint.clone()).collect(),
        _ => Vec::new(),
    });
    let to = Map(Box::new(unify(attributes, mode)?));
    all_convert(&objects, to, mode)
}

/// Tuples of different lengths are lists, if all their elements agree; other types are left out.
fn tuples_as_list(types: &[Constraint], mode: Mode) -> Option<Constraint> {
    let tuples: Vec<_> = types.iter().filter(|t| matches!(t, Tuple(_))).cloned().collect();
    let items = tuples.iter().flat_map(|one| match one {
        Tuple(items) => items.clone(),
        _ => Vec::new(),
    });
    let to = List(Box::new(unify(items, mode)?));
    all_convert(&tuples, to, mode)
}

/// Lists among tuples, or maps among objects: what comes of it must be such a collection.
fn as_collections(
    types: &[Constraint],
    collect: fn(&[Constraint], Mode) -> Option<Constraint>,
    mode: Mode,
) -> Option<Constraint> {
    let collected = collect(types, mode)?;
    let replaced = types.iter().map(|one| match one {
        Object(_) | Tuple(_) => collected.clone(),
        other => other.clone(),
    });
    unify(replaced, mode).filter(|found| matches!(found, List(_) | Map(_)))
}

/// The types, the more general first; those that do not compare keep their order.
fn preference(types: &[Constraint]) -> impl Iterator<Item = &Constraint> {
    let mut below = vec![Vec::new(); types.len()];
    let mut above = vec![0_usize; types.len()];
    for i in 0..types.len() {
        for j in i + 1..types.len() {
            match generality(&types[i], &types[j]) {
                Ordering::Less => {
                    below[i].push(j);
                    above[j] += 1;
                }
                Ordering::Greater => {
                    below[j].push(i);
                    above[i] += 1;
                }
                Ordering::Equal => {}
            }
        }
    }
    let mut order: Vec<usize> = (0..types.len()).filter(|i| above[*i] == 0).collect();
    let mut done = 0;
    while let Some(&next) = order.get(done) {
        done += 1;
        for &lower in &below[next] {
            above[lower] -= 1;
            if above[lower] == 0 {
                order.push(lower);
            }
        }
    }
    order.into_iter().map(|i| &types[i])
}

/// `Less`: the first is the more general. `Equal`: neither, or they do not compare.
fn generality(a: &Constraint, b: &Constraint) -> Ordering {
    let across = |pairs: Vec<Ordering>| {
        let (less, greater) = (pairs.contains(&Ordering::Less), pairs.contains(&Ordering::Greater));
        match (less, greater) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => Ordering::Equal,
        }
    };
    match (a, b) {
        (Any, Any) => Ordering::Equal,
        (_, Any) => Ordering::Less,
        (Any, _) => Ordering::Greater,
        (String, Number | Bool) => Ordering::Less,
        (Number | Bool, String) => Ordering::Greater,
        (List(a), List(b)) | (Set(a), Set(b)) | (Map(a), Map(b)) => generality(a, b),
        (Tuple(_) | List(_), Set(_)) | (List(_), Tuple(_)) | (Map(_), Object(_)) => Ordering::Less,
        (Set(_), Tuple(_) | List(_)) | (Tuple(_), List(_)) | (Object(_), Map(_)) => Ordering::Greater,
        (Object(a), Object(b)) if a.keys().eq(b.keys()) => across(
            a.values().zip(b.values()).map(|(a, b)| generality(&a.constraint, &b.constraint)).collect(),
        ),
        (Tuple(a), Tuple(b)) if a.len() == b.len() => {
            across(a.iter().zip(b).map(|(a, b)| generality(a, b)).collect())
        }
        _ => Ordering::Equal,
    }
}
