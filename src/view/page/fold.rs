//! Folds components that are alike, so that the graph of many components stays readable.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::Kind;
use super::work::Work;
use crate::view::alike::{FEW, LEAST};

/// More nodes than this are not readable.
const MOST: usize = 90;
/// The columns of a graph that is folded roughly.
const BANDS: usize = 8;
/// Rounds of comparing components by their neighbours.
const ROUNDS: usize = 40;

/// One node of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Places in `Work`.
    pub members: Vec<usize>,
    /// Its column: how many turns come before it at least.
    pub depth: usize,
    /// The groups for which it waits, by their place.
    pub waits_for: BTreeSet<usize>,
}

/// `path`: the components of the critical path. They are not folded, if this leaves the graph readable.
pub fn groups(work: &Work<'_>, path: &BTreeSet<usize>) -> Vec<Group> {
    let count = work.components.len();
    let depths = depths(work);
    let kind = |place: usize| work.components[place].status;
    if count <= FEW {
        return joined(work, &depths, &(0..count).collect::<Vec<_>>());
    }
    for path in [path, &BTreeSet::new()] {
        let first = |place: usize| (depths[place], kind(place), path.contains(&place).then_some(place));
        let alike = by_neighbours(work, numbered((0..count).map(first)));
        let groups = joined(work, &depths, &apart_if_few(&alike));
        if groups.len() <= MOST {
            return groups;
        }
    }
    let widest = depths.iter().max().map_or(1, |most| most / BANDS + 1);
    let bands: Vec<usize> = depths.iter().map(|depth| depth / widest).collect();
    let kinds = numbered((0..count).map(|place| (bands[place], work.components[place].kind)));
    joined(work, &bands, &kinds)
}

/// For each component the number of turns that come before it at least.
fn depths(work: &Work<'_>) -> Vec<usize> {
    let mut depths: Vec<Option<usize>> = vec![None; work.components.len()];
    for start in 0..depths.len() {
        // A stack of its own: a chain may be longer than that of the thread.
        let mut open = vec![start];
        while let Some(place) = open.last().copied() {
            let waits_for = &work.components[place].waits_for;
            let missing: Vec<usize> =
                waits_for.iter().copied().filter(|one| depths[*one].is_none()).collect();
            if missing.is_empty() {
                depths[place] =
                    waits_for.iter().filter_map(|one| depths[*one]).map(|depth| depth + 1).max().or(Some(0));
                open.pop();
            }
            open.extend(missing);
        }
    }
    depths.into_iter().flatten().collect()
}

/// The same number for the same key.
fn numbered<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    keys.map(|key| {
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    })
    .collect()
}

/// Two components are alike if their neighbours are alike: of a hundred equal chains one is drawn.
fn by_neighbours(work: &Work<'_>, mut alike: Vec<usize>) -> Vec<usize> {
    let mut before = 0;
    for _ in 0..ROUNDS {
        let mut neighbours: Vec<(usize, BTreeSet<usize>, BTreeSet<usize>)> =
            alike.iter().map(|group| (*group, BTreeSet::new(), BTreeSet::new())).collect();
        for (place, one) in work.components.iter().enumerate() {
            for needed in &one.waits_for {
                neighbours[place].1.insert(alike[*needed]);
                neighbours[*needed].2.insert(alike[place]);
            }
        }
        alike = numbered(neighbours.into_iter());
        let now = alike.iter().max().map_or(0, |most| most + 1);
        if now == before {
            break;
        }
        before = now;
    }
    alike
}

fn apart_if_few(alike: &[usize]) -> Vec<usize> {
    let size = |group: usize| alike.iter().filter(|one| **one == group).count();
    let sizes: BTreeMap<usize, usize> = alike.iter().map(|group| (*group, size(*group))).collect();
    numbered(alike.iter().enumerate().map(|(place, group)| (*group, (sizes[group] < LEAST).then_some(place))))
}

/// The groups in the order of their first members, without arrows that others imply.
fn joined(work: &Work<'_>, depths: &[usize], group_of: &[usize]) -> Vec<Group> {
    let count = group_of.iter().max().map_or(0, |most| most + 1);
    let mut groups = vec![Group { members: Vec::new(), depth: 0, waits_for: BTreeSet::new() }; count];
    for (place, group) in group_of.iter().enumerate() {
        groups[*group].members.push(place);
        groups[*group].depth = depths[place];
        // Components of one column do not wait for each other, except in a rough drawing.
        let needed = work.components[place].waits_for.iter().map(|needed| group_of[*needed]);
        let needed: Vec<usize> = needed.filter(|needed| needed != group).collect();
        groups[*group].waits_for.extend(needed);
    }
    for group in 0..count {
        let earlier = |one: &usize| groups[*one].depth < groups[group].depth;
        let waits_for: BTreeSet<usize> = groups[group].waits_for.iter().copied().filter(earlier).collect();
        groups[group].waits_for = waits_for;
    }
    without_implied(&groups)
}

fn without_implied(groups: &[Group]) -> Vec<Group> {
    let mut reached: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); groups.len()];
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|group| groups[*group].depth);
    for group in order {
        let through = groups[group].waits_for.iter().flat_map(|one| reached[*one].iter().chain([one]));
        let through = through.copied().collect();
        reached[group] = through;
    }
    let implied =
        |group: &Group, one: &usize| group.waits_for.iter().any(|other| reached[*other].contains(one));
    groups
        .iter()
        .map(|group| Group {
            waits_for: group.waits_for.iter().copied().filter(|one| !implied(group, one)).collect(),
            ..group.clone()
        })
        .collect()
}

/// The worst kind of its members.
pub fn kind(work: &Work<'_>, group: &Group) -> Kind {
    group.members.iter().map(|place| work.components[*place].kind).min().unwrap_or(Kind::Skipped)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn work(names: &[String], waits_for: Value) -> (Value, Value) {
        let all: Map<_, _> =
            names.iter().map(|name| (name.clone(), json!({ "status": "applied" }))).collect();
        (json!({ "components": all }), json!({ "waits_for": waits_for }))
    }

    #[test]
    fn a_hundred_equal_chains_are_drawn_as_one() {
        let tenants = 0..300;
        let name = |one: usize| format!("t{:03}-{}", one / 3, ["net", "db", "app"][one % 3]);
        let names: Vec<String> = tenants.map(name).collect();
        let waits: Map<_, _> = (0..100)
            .flat_map(|one| {
                let name = |part: &str| format!("t{one:03}-{part}");
                [(name("db"), json!([name("net")])), (name("app"), json!([name("net"), name("db")]))]
            })
            .collect();
        let (report, order) = work(&names, waits.into());
        let work = Work::new(&report, &order);
        let groups = groups(&work, &BTreeSet::new());
        let sizes: Vec<_> =
            groups.iter().map(|one| (one.members.len(), one.depth, one.waits_for.len())).collect();
        let mut sorted = sizes.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [(100, 0, 0), (100, 1, 1), (100, 2, 1)]);
    }

    #[test]
    fn no_shape_of_500_components_has_more_nodes_than_can_be_read() {
        let names: Vec<String> = (0..500).map(|one| format!("c{one:03}")).collect();
        let chain: Map<_, _> = (1..500).map(|one| (names[one].clone(), json!([names[one - 1]]))).collect();
        let tangle: Map<_, _> = (1..500)
            .map(|one| (names[one].clone(), json!([names[one * 7919 % one], names[one * 31 % one]])))
            .collect();
        for waits_for in [chain, tangle, Map::new()] {
            let (report, order) = work(&names, waits_for.into());
            let work = Work::new(&report, &order);
            let groups = groups(&work, &(0..200).collect());
            assert!(groups.len() <= MOST, "{}", groups.len());
            let members: BTreeSet<usize> = groups.iter().flat_map(|one| one.members.clone()).collect();
            assert_eq!(members.len(), 500);
            assert!(
                groups.iter().all(|one| one.waits_for.iter().all(|other| groups[*other].depth < one.depth))
            );
        }
    }

    #[test]
    fn an_arrow_that_others_imply_is_left_out() {
        let names = ["app", "db", "net"].map(str::to_owned);
        let (report, order) = work(&names, json!({ "app": ["db", "net"], "db": ["net"] }));
        let groups = groups(&Work::new(&report, &order), &BTreeSet::new());
        assert_eq!(groups[0].waits_for, [1].into());
        assert_eq!(groups[1].waits_for, [2].into());
    }
}
