use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Graph, NodeOutcome, ReadyQueue};
use crate::model::Name;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn names(texts: &[&str]) -> BTreeSet<Name> {
    texts.iter().map(|text| name(text)).collect()
}

fn graph(edges: &[(&str, &[&str])]) -> Result<Graph, Vec<Name>> {
    Graph::new(edges.iter().map(|(from, to)| (name(from), names(to))).collect())
}

fn joined(names: impl IntoIterator<Item = Name>) -> String {
    names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn dependencies_come_first_and_independent_names_are_sorted() {
    let graph = graph(&[("b", &["z"]), ("a", &["z"]), ("z", &[]), ("c", &["b", "a"])]).unwrap();
    assert_eq!(joined(graph.order()), "z a b c");
    assert_eq!(joined(graph.reversed().order()), "c a b z");
}

#[test]
fn a_cycle_is_named_in_order() {
    let cycle = graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &[])]).unwrap_err();
    assert_eq!(joined(cycle), "b c b");
    assert_eq!(joined(graph(&[("a", &["a"])]).unwrap_err()), "a a");
}

#[test]
fn a_restricted_graph_keeps_an_order_that_results_from_omitted_components() {
    let graph = graph(&[("a", &[]), ("b", &["a"]), ("c", &["b"])]).unwrap();
    let restricted = graph.restricted(&names(&["a", "c"]));
    assert_eq!(joined(restricted.dependencies(&name("c")).clone()), "a");
}

#[test]
fn dependents_of_a_failed_component_never_start() {
    let graph = graph(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &[])]).unwrap();
    let mut queue = ReadyQueue::new(graph);
    assert_eq!(queue.next(|_| true), Some(name("a")));
    assert_eq!(joined(queue.finish(&name("a"), NodeOutcome::Failed)), "b c");
    assert_eq!(queue.next(|_| true), Some(name("d")));
    assert_eq!(queue.next(|_| true), None);
}

/// How often `at_once` places are filled anew until all is done, where each name takes equally long.
fn rounds(graph: Graph, at_once: usize) -> usize {
    let mut queue = ReadyQueue::new(graph);
    for round in 0.. {
        let started: Vec<_> = std::iter::from_fn(|| queue.next(|_| true)).take(at_once).collect();
        if started.is_empty() {
            return round;
        }
        started.iter().for_each(|name| drop(queue.finish(name, NodeOutcome::Done)));
    }
    unreachable!("a graph has an end")
}

#[test]
fn the_longest_chain_starts_first_and_leaves_no_place_empty() {
    let long = graph(&[("a", &[]), ("b", &[]), ("y", &[]), ("z", &["y"])]).unwrap();
    assert_eq!(ReadyQueue::new(long).next(|_| true), Some(name("y")));
    // Three chains of four for two places: one chain after the other would leave the last one alone.
    let chains = (0..12).filter(|index| index % 4 != 0).map(|index| (index, index - 1)).collect();
    assert_eq!(rounds(Graph::new(edges(12, chains)).unwrap(), 2), 6);
}

#[test]
fn components_that_are_not_accepted_stay_ready() {
    let mut queue = ReadyQueue::new(graph(&[("a", &[]), ("b", &[])]).unwrap());
    assert_eq!(queue.next(|one| one.as_str() != "a"), Some(name("b")));
    assert_eq!(joined(queue.stop()), "a");
}

#[test]
fn a_drawing_names_every_component_and_arrow() {
    let graph = graph(&[("end", &[]), ("b", &["end"])]).unwrap();
    assert_eq!(graph.mermaid(), "flowchart LR\n  c_end[\"end\"]\n  c_b[\"b\"]\n  c_end --> c_b\n");
    assert_eq!(
        graph.dot(),
        "digraph infrastructure {\n  rankdir = LR;\n  \"end\";\n  \"b\";\n  \"end\" -> \"b\";\n}\n"
    );
}

#[test]
fn a_chain_of_five_thousand_is_ordered() {
    let at = |index: usize| name(&format!("c{index:05}"));
    let edges =
        (0..5000).map(|index| (at(index), if index == 0 { BTreeSet::new() } else { [at(index - 1)].into() }));
    assert_eq!(Graph::new(edges.collect()).unwrap().order().last(), Some(&at(4999)));
}

fn numbered(index: usize) -> Name {
    name(&format!("c{index}"))
}

fn edges(count: usize, pairs: Vec<(usize, usize)>) -> BTreeMap<Name, BTreeSet<Name>> {
    let mut edges: BTreeMap<_, BTreeSet<_>> =
        (0..count).map(|index| (numbered(index), BTreeSet::new())).collect();
    for (from, to) in pairs {
        edges.get_mut(&numbered(from)).unwrap().insert(numbered(to));
    }
    edges
}

/// Each edge leads from the greater to the smaller number, so that there is no cycle.
fn downwards(pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.max(b), a.min(b))).collect()
}

#[test]
fn a_cycle_through_five_thousand_is_named_in_full() {
    let edges = edges(5000, (0..5000).map(|index| (index, (index + 1) % 5000)).collect());
    assert_eq!(Graph::new(edges).unwrap_err().len(), 5001);
}

#[test]
fn a_failure_skips_five_thousand_that_wait_for_it() {
    let mut queue = ReadyQueue::new(
        Graph::new(edges(5000, (1..5000).map(|index| (index, index - 1)).collect())).unwrap(),
    );
    let first = queue.next(|_| true).unwrap();
    assert_eq!(queue.finish(&first, NodeOutcome::Failed).len(), 4999);
    assert_eq!(queue.next(|_| true), None);
}

proptest! {
    #[test]
    fn every_name_starts_once_and_after_all_its_dependencies(pairs in prop::collection::vec((0usize..30, 0usize..30), 0..120)) {
        let graph = Graph::new(edges(30, downwards(pairs))).unwrap();
        let mut queue = ReadyQueue::new(graph.clone());
        let mut done = BTreeSet::new();
        while let Some(next) = queue.next(|_| true) {
            prop_assert!(graph.dependencies(&next).is_subset(&done));
            queue.finish(&next, NodeOutcome::Done);
            prop_assert!(done.insert(next));
        }
        prop_assert_eq!(done.len(), 30);
    }

    #[test]
    fn any_edges_give_a_correct_order_or_a_real_cycle(
        pairs in prop::collection::vec((0usize..12, 0usize..12), 0..30),
    ) {
        let edges = edges(12, pairs);
        match Graph::new(edges.clone()) {
            Ok(graph) => {
                let order = graph.order();
                let at = |name: &Name| order.iter().position(|one| one == name).unwrap();
                prop_assert_eq!(order.len(), 12);
                for (name, needed) in &edges {
                    prop_assert!(needed.iter().all(|one| at(one) < at(name)));
                }
            }
            Err(cycle) => {
                prop_assert!(cycle.len() > 1 && cycle.first() == cycle.last());
                prop_assert!(cycle.windows(2).all(|step| edges[&step[0]].contains(&step[1])));
                prop_assert_eq!(cycle[1..].iter().collect::<BTreeSet<_>>().len(), cycle.len() - 1);
            }
        }
    }

    #[test]
    fn a_restricted_graph_orders_two_names_like_the_whole_graph(
        pairs in prop::collection::vec((0usize..12, 0usize..12), 0..30),
        kept in prop::collection::btree_set(0usize..12, 0..12),
    ) {
        let graph = Graph::new(edges(12, downwards(pairs))).unwrap();
        let kept: BTreeSet<Name> = kept.into_iter().map(numbered).collect();
        let restricted = graph.restricted(&kept);
        prop_assert_eq!(restricted.names().cloned().collect::<BTreeSet<_>>(), kept.clone());
        for name in &kept {
            let alone = BTreeSet::from([name.clone()]);
            let expected: BTreeSet<_> = graph.closure(&alone).intersection(&kept).cloned().collect();
            prop_assert_eq!(restricted.closure(&alone), expected);
        }
    }

    #[test]
    fn every_name_is_started_skipped_or_stopped_exactly_once(
        pairs in prop::collection::vec((0usize..20, 0usize..20), 0..60),
        outcomes in prop::collection::vec(0u8..10, 20),
        at_once in 1usize..5,
        stop_after in 0usize..40,
    ) {
        let graph = Graph::new(edges(20, downwards(pairs))).unwrap();
        let mut queue = ReadyQueue::new(graph.clone());
        let (mut ended, mut done, mut running) = (Vec::new(), BTreeSet::new(), Vec::new());
        for &outcome in outcomes.iter().cycle() {
            while let (true, Some(next)) = (running.len() < at_once, queue.next(|_| running.len() < at_once)) {
                prop_assert!(graph.dependencies(&next).is_subset(&done));
                running.push(next);
            }
            prop_assert_eq!(queue.running().count(), running.len());
            let Some(name) = running.pop() else { break };
            let outcome = if outcome == 0 { NodeOutcome::Failed } else { NodeOutcome::Done };
            if outcome == NodeOutcome::Done {
                done.insert(name.clone());
            }
            ended.extend(queue.finish(&name, outcome));
            ended.push(name);
            if ended.len() > stop_after {
                ended.extend(queue.stop());
            }
        }
        ended.sort();
        prop_assert_eq!(ended, graph.names().cloned().collect::<Vec<_>>());
    }
}
