//! A checked environment. Every operation works from it.

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

/// A component together with the interface of its module.
#[derive(Clone, Debug)]
pub struct Node {
    pub component: Component,
    pub interface: std::sync::Arc<Interface>,
    /// 12 hexadecimal digits that identify what the component is made from: they change only when that changes. The id
    /// is not secret: the report, the journal and the module's variable `deployment_id` contain it.
    pub deployment_id: String,
    /// Required variables that neither the pillar nor the call sets. Only operations that need their values are
    /// refused.
    pub missing_variables: BTreeSet<String>,
}
