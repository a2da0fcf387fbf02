//! Order: who waits for whom, who may start, what a failure means for the rest.
//!
//! Knows names and edges. Must not know clocks, tasks or what a component is.
//! Through it passes: edges in; an order, or a cycle named in order, out.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Name;

/// Dependencies without a cycle.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Name to what it depends on; every name is a key.
    edges: BTreeMap<Name, BTreeSet<Name>>,
}

impl Graph {
    pub fn dependencies(&self, name: &Name) -> &BTreeSet<Name> {
        &self.edges[name]
    }
}
