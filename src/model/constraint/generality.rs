//! Decides which of two types is more general.

use std::cmp::Ordering;

use super::types::Constraint::{self, *};

/// The types, more general ones first. Types that cannot be compared keep their order.
pub(super) fn preference(types: &[Constraint]) -> impl Iterator<Item = &Constraint> {
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

/// `Less`: the first is more general. `Equal`: neither is more general, or they cannot be compared.
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
