//! A whole environment, validated: what the operations work from.

use std::collections::{BTreeMap, BTreeSet};

use super::{Component, Interface, Name, Settings};
use crate::graph::Graph;

#[derive(Clone, Debug)]
pub struct Blueprint {
    pub environment: Name,
    pub settings: Settings,
    pub nodes: BTreeMap<Name, Node>,
    pub graph: Graph,
}

/// A component together with what its module declares.
#[derive(Clone, Debug)]
pub struct Node {
    pub component: Component,
    pub interface: std::sync::Arc<Interface>,
    /// What it is made from, in 12 hexadecimal digits: changes only with that, and is told wherever it goes.
    pub deployment_id: String,
    /// Required variables that neither the pillar nor the call sets. Only what needs their values is refused.
    pub lacks: BTreeSet<String>,
}
