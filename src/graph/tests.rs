use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Graph, Outcome, Queue};
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
fn dependencies_come_first_and_equals_are_alphabetical() {
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
fn a_restricted_graph_keeps_an_order_that_led_through_others() {
    let graph = graph(&[("a", &[]), ("b", &["a"]), ("c", &["b"])]).unwrap();
    let restricted = graph.restricted(&names(&["a", "c"]));
    assert_eq!(joined(restricted.dependencies(&name("c")).clone()), "a");
}

#[test]
fn what_depends_on_a_failure_never_starts() {
    let graph = graph(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &[])]).unwrap();
    let mut queue = Queue::new(graph);
    assert_eq!(queue.next(|_| true), Some(name("a")));
    assert_eq!(joined(queue.finish(&name("a"), Outcome::Failed)), "b c");
    assert_eq!(queue.next(|_| true), Some(name("d")));
    assert_eq!(queue.next(|_| true), None);
}

#[test]
fn what_is_not_accepted_stays_ready() {
    let mut queue = Queue::new(graph(&[("a", &[]), ("b", &[])]).unwrap());
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

proptest! {
    #[test]
    fn every_name_starts_once_and_after_all_it_needs(pairs in prop::collection::vec((0usize..30, 0usize..30), 0..120)) {
        let at = |index: usize| name(&format!("c{index}"));
        let mut edges: BTreeMap<Name, BTreeSet<Name>> = (0..30).map(|index| (at(index), BTreeSet::new())).collect();
        // Only downwards, so that there is no cycle.
        for (a, b) in pairs.into_iter().filter(|(a, b)| a != b) {
            edges.get_mut(&at(a.max(b))).unwrap().insert(at(a.min(b)));
        }
        let graph = Graph::new(edges).unwrap();
        let mut queue = Queue::new(graph.clone());
        let mut done = BTreeSet::new();
        while let Some(next) = queue.next(|_| true) {
            prop_assert!(graph.dependencies(&next).is_subset(&done));
            queue.finish(&next, Outcome::Done);
            prop_assert!(done.insert(next));
        }
        prop_assert_eq!(done.len(), 30);
    }
}
