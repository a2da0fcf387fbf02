//! The components of a run or a plan, and the order of their turns, as far as a page draws them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::kind::Kind;
use crate::graph::Graph;
use crate::model::Name;

pub struct Work<'a> {
    /// By name.
    pub components: Vec<Component<'a>>,
    /// How many turns may run at the same time. None if nobody noted it.
    pub parallelism: Option<usize>,
    /// Whether the order is that of the pillar, because the run did not note its own.
    pub is_of_pillar: bool,
}

pub struct Component<'a> {
    pub name: &'a str,
    pub status: &'a str,
    pub kind: Kind,
    pub report: &'a Value,
    /// The components for which its turn waits, by their place in `Work`.
    pub waits_for: Vec<usize>,
}

impl<'a> Work<'a> {
    /// `order`: `parallelism`, `waits_for` and `of_pillar`.
    pub fn new(report: &'a Value, order: &Value) -> Self {
        let graph = graph(report, order);
        let all = report["components"].as_object().into_iter().flatten();
        let mut components: Vec<_> = all.map(|(name, report)| Component::new(name, report)).collect();
        components.sort_by_key(|one| one.name);
        let places: BTreeMap<&str, usize> =
            components.iter().enumerate().map(|(place, one)| (one.name, place)).collect();
        let waits: Vec<Vec<usize>> = components
            .iter()
            .map(|one| {
                let needed = Name::new(one.name).map(|name| graph.dependencies(&name)).ok();
                needed.into_iter().flatten().filter_map(|name| places.get(name.as_str()).copied()).collect()
            })
            .collect();
        for (one, waits_for) in components.iter_mut().zip(waits) {
            one.waits_for = waits_for;
        }
        Self {
            components,
            parallelism: order["parallelism"].as_u64().and_then(|many| many.try_into().ok()),
            is_of_pillar: order["of_pillar"] == true,
        }
    }

    pub fn place(&self, name: &str) -> Option<usize> {
        self.components.binary_search_by_key(&name, |one| one.name).ok()
    }
}

impl<'a> Component<'a> {
    fn new(name: &'a str, report: &'a Value) -> Self {
        let status = report["status"].as_str().unwrap_or_default();
        Self { name, status, kind: Kind::of(status), report, waits_for: Vec::new() }
    }
}

/// Only the components of the report. A damaged journal may have a cycle; then no order is known.
fn graph(report: &Value, order: &Value) -> Graph {
    let noted: BTreeMap<Name, BTreeSet<Name>> =
        serde_json::from_value(order["waits_for"].clone()).unwrap_or_default();
    let names = report["components"].as_object().into_iter().flatten();
    let names: BTreeSet<Name> = names.filter_map(|(name, _)| Name::new(name).ok()).collect();
    let all = noted.values().flatten().chain(noted.keys()).cloned();
    let mut edges: BTreeMap<Name, BTreeSet<Name>> = all.map(|name| (name, BTreeSet::new())).collect();
    edges.extend(names.iter().map(|name| (name.clone(), BTreeSet::new())));
    edges.extend(noted);
    Graph::new(edges).map(|graph| graph.restricted(&names)).unwrap_or_default()
}
