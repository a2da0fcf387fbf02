//! Refuses to destroy a component while others still use it.

use std::collections::BTreeSet;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Blueprint, Name};
use crate::record;
use crate::workdir::Layout;

/// Refuses if a component outside `selected` has resources and depends on a selected one.
pub(super) fn refuse_needed(blueprint: &Blueprint, layout: &Layout, selected: &BTreeSet<Name>) -> Result<()> {
    let records = record::all(&layout.components())?;
    let mut needed = Vec::new();
    for (user, record) in records.iter().filter(|(user, _)| !selected.contains(user)) {
        let mut uses: BTreeSet<&str> = match record {
            Ok(record) if record.resources == 0 => continue,
            Ok(record) => record.edges.iter().map(String::as_str).collect(),
            // It may have resources, and only the pillar says what it uses.
            Err(_) => BTreeSet::new(),
        };
        if blueprint.nodes.contains_key(user) {
            uses.extend(blueprint.graph.dependencies(user).iter().map(Name::as_str));
        }
        for used in uses.into_iter().filter(|used| selected.contains(*used)) {
            needed.push(format!("{user} depends on {used}"));
        }
    }
    if needed.is_empty() {
        return Ok(());
    }
    let message = format!("nothing was destroyed: {}", needed.join(", "));
    let remedy = "first destroy the components that depend on it, or add them to components";
    Err(Error::new(Layer::Salt, Phase::Validation, Code::StillNeeded, message, remedy))
}
