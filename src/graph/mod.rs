//! The order of components: dependencies, ready components, and the consequences of a failure.
//!
//! This room knows names and edges. It must not know clocks, tasks or what a component is.
//! In: edges. Out: an order, or the names of a cycle.

mod draw;
mod queue;

use std::collections::{BTreeMap, BTreeSet};

pub use queue::{NodeOutcome, ReadyQueue};

use crate::model::Name;

/// Dependencies without cycles.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Name to its dependencies. Every name is a key.
    edges: BTreeMap<Name, BTreeSet<Name>>,
}

impl Graph {
    /// Edges to unknown names are dropped. The error is one cycle, with its first name repeated at the end.
    pub fn new(mut edges: BTreeMap<Name, BTreeSet<Name>>) -> Result<Self, Vec<Name>> {
        let names: BTreeSet<_> = edges.keys().cloned().collect();
        for needed in edges.values_mut() {
            needed.retain(|name| names.contains(name));
        }
        let graph = Self { edges };
        match graph.order().len() == graph.edges.len() {
            true => Ok(graph),
            false => Err(graph.cycle()),
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.edges.keys()
    }

    pub fn dependencies(&self, name: &Name) -> &BTreeSet<Name> {
        static NONE: BTreeSet<Name> = BTreeSet::new();
        self.edges.get(name).unwrap_or(&NONE)
    }

    /// Dependencies come first. Names without an order between them are sorted alphabetically.
    pub fn order(&self) -> Vec<Name> {
        let dependents = self.reversed();
        let mut waiting: BTreeMap<&Name, usize> =
            self.edges.iter().map(|(name, needed)| (name, needed.len())).collect();
        let mut ready: BTreeSet<&Name> =
            self.names().filter(|name| self.dependencies(name).is_empty()).collect();
        let mut order = Vec::with_capacity(self.edges.len());
        while let Some(name) = ready.pop_first() {
            order.push(name.clone());
            for dependent in dependents.dependencies(name) {
                let Some((dependent, left)) =
                    waiting.get_key_value(dependent).map(|(&name, &left)| (name, left - 1))
                else {
                    continue;
                };
                waiting.insert(dependent, left);
                if left == 0 {
                    ready.insert(dependent);
                }
            }
        }
        order
    }

    /// These names and all their dependencies, direct and indirect.
    pub fn closure(&self, names: &BTreeSet<Name>) -> BTreeSet<Name> {
        let mut found = names.clone();
        let mut open: Vec<_> = names.iter().cloned().collect();
        while let Some(name) = open.pop() {
            for needed in self.dependencies(&name) {
                if found.insert(needed.clone()) {
                    open.push(needed.clone());
                }
            }
        }
        found
    }

    /// The graph with only these names. Two names keep their order even if the path between them led through others.
    pub fn restricted(&self, to: &BTreeSet<Name>) -> Self {
        let kept = |name: &Name| {
            let mut seen = BTreeSet::new();
            let mut open: Vec<&Name> = self.dependencies(name).iter().collect();
            let mut needed = BTreeSet::new();
            while let Some(next) = open.pop() {
                if !seen.insert(next) {
                    continue;
                }
                match to.contains(next) {
                    true => drop(needed.insert(next.clone())),
                    false => open.extend(self.dependencies(next)),
                }
            }
            needed
        };
        let edges = self.names().filter(|name| to.contains(*name)).map(|name| (name.clone(), kept(name)));
        Self { edges: edges.collect() }
    }

    /// The graph with all edges reversed: the order for a destroy.
    pub fn reversed(&self) -> Self {
        let mut edges: BTreeMap<Name, BTreeSet<Name>> =
            self.names().map(|name| (name.clone(), BTreeSet::new())).collect();
        for (name, needed) in &self.edges {
            for one in needed {
                edges.entry(one.clone()).or_default().insert(name.clone());
            }
        }
        Self { edges }
    }

    /// The same names in any order.
    pub fn without_edges(&self) -> Self {
        Self { edges: self.names().map(|name| (name.clone(), BTreeSet::new())).collect() }
    }

    /// Called only if a cycle exists. It follows dependencies that are not in the order until a name repeats.
    fn cycle(&self) -> Vec<Name> {
        let ordered: BTreeSet<_> = self.order().into_iter().collect();
        let stuck = |name: &&Name| !ordered.contains(*name);
        let mut path: Vec<&Name> = self.names().find(stuck).into_iter().collect();
        while let Some(next) = path.last().and_then(|last| self.dependencies(last).iter().find(stuck)) {
            if let Some(start) = path.iter().position(|name| *name == next) {
                let cycle = path[start..].iter().chain([&next]);
                return cycle.map(|&name| name.clone()).collect();
            }
            path.push(next);
        }
        path.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
