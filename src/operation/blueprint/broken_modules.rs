//! A component whose module broke after it was applied: it is destroyed with its last applied configuration.
//!
//! A module that cannot be read, or does not fit the pillar, is found here, before the run. An error from Terraform
//! itself is found in the component's turn, which is then repeated (`as_applied.rs`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::earlier_configuration::target;
use super::prepared::{Broken, Destruction};
use crate::error::Result;
use crate::model::{self, Component, Draft, Input, Name, Node, Problem};
use crate::operation::store::shared_records;
use crate::record::Record;
use crate::resolve::Module;
use crate::snapshot::SnapshotStore;
use crate::workdir::{ComponentPaths, Layout};

/// The components with broken modules, by what happens to them.
#[derive(Default)]
pub(super) struct BrokenComponents {
    /// These use their last applied configuration.
    pub as_applied: Broken,
    /// These are left out, because the call is not about them.
    pub left_out: Broken,
    /// These problems stop the call.
    pub problems: Vec<Problem>,
}

/// Replaces each broken component by its last applied configuration.
pub(super) fn swap(
    draft: &mut Draft,
    modules: &mut BTreeMap<Name, Arc<Module>>,
    unread: Broken,
    destruction: Destruction<'_>,
) -> Result<BrokenComponents> {
    let mut swapped = BrokenComponents::default();
    for (name, faults) in unread {
        replace(draft, modules, &mut swapped, (name, faults), destruction)?;
    }
    // An upstream component that is replaced can also repair the components that read from it.
    let interfaces = modules.iter().map(|(name, module)| (name.clone(), module.interface.clone())).collect();
    let faults =
        |component: &Component| (component.name.clone(), model::faults(draft, component, &interfaces).0);
    let misfits: Broken = draft.components.values().map(faults).filter(|(_, all)| !all.is_empty()).collect();
    for (name, faults) in misfits {
        if !swapped.as_applied.contains_key(&name) {
            replace(draft, modules, &mut swapped, (name, faults), destruction)?;
        }
    }
    Ok(swapped)
}

fn replace(
    draft: &mut Draft,
    modules: &mut BTreeMap<Name, Arc<Module>>,
    swapped: &mut BrokenComponents,
    (name, faults): (Name, Vec<Problem>),
    Destruction { run_id, named }: Destruction<'_>,
) -> Result<()> {
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    shared_records::fetch(&draft.settings, &draft.environment)?;
    let (place, today) = (layout.component(&name)?, &draft.components[&name]);
    let earlier = as_applied(today, &place, &folder(&layout, run_id, &name));
    if let Ok(Some((node, module))) = earlier {
        let mut component = node.component;
        component.depends_on.names.retain(|edge| draft.mentioned.contains(edge));
        draft.components.insert(name.clone(), component);
        modules.insert(name.clone(), module);
        swapped.as_applied.insert(name, faults);
        return Ok(());
    }
    let is_asked = match named {
        Some(named) => named.contains(&name),
        None => place.record().exists() || place.state().exists() || !today.backend.is_local(),
    };
    if !is_asked {
        draft.components.remove(&name);
        modules.remove(&name);
        swapped.left_out.insert(name, faults);
        return Ok(());
    }
    let why = earlier.err().map(|error| {
        let message =
            format!("nor can it be destroyed with its last applied configuration: {}", error.message);
        Problem::new(&today.place("source"), message)
    });
    swapped.problems.extend(faults.into_iter().chain(why));
    Ok(())
}

/// The note in a report on a component that used its last applied configuration.
pub fn note(faults: &[Problem]) -> String {
    say(&faults.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; "))
}

pub fn say(reason: &str) -> String {
    format!("its last applied configuration is used, because its current module cannot be used: {reason}")
}

/// The folder of a run that is refused before it begins.
pub(super) fn laid_out(draft: &Draft, destruction: Option<Destruction<'_>>) -> Result<Option<PathBuf>> {
    let Some(destruction) = destruction else { return Ok(None) };
    Ok(Some(Layout::new(&draft.settings.root, &draft.environment)?.run(destruction.run_id)))
}

/// The folder of this component's module in this run.
pub fn folder(layout: &Layout, run_id: &str, name: &Name) -> PathBuf {
    layout.run(run_id).join(name).join("applied")
}

/// The component of the last apply, also of an apply that failed. None if nothing was applied here.
///
/// Stored values are used as they were. Other values are read again from their source.
pub fn as_applied(
    today: &Component,
    paths: &ComponentPaths,
    folder: &Path,
) -> Result<Option<(Node, Arc<Module>)>> {
    let Some(record) = Record::read(&paths.record())? else { return Ok(None) };
    let store = SnapshotStore::new(paths.snapshots());
    let Some(digest) = record.applied.or_else(|| store.tried()) else { return Ok(None) };
    let configuration = store.configuration(&digest)?;
    let _ = std::fs::remove_dir_all(folder);
    let today_node = Node {
        component: today.clone(),
        interface: Arc::default(),
        deployment_id: String::new(),
        missing_variables: Default::default(),
    };
    let (mut node, module) = target(&today_node, &configuration, &store, folder)?;
    let values: Map<String, Value> =
        serde_json::from_slice(&store.object(&configuration.variables)?).unwrap_or_default();
    let written = values.into_iter().filter(|(variable, _)| configuration.outputs.contains_key(variable));
    let written: Vec<_> = written.map(|(variable, value)| (variable, Input::Literal(value))).collect();
    let component = &mut node.component;
    component.inputs.extend(written);
    let at = today.place("source");
    component.variables = component.inputs.keys().map(|variable| (variable.clone(), at.clone())).collect();
    // The order of that apply.
    component.depends_on.names.extend(record.edges.iter().filter_map(|edge| Name::new(edge).ok()));
    // The component is about to be destroyed, so its health does not matter.
    component.health.clear();
    component.task_secrets.clear();
    Ok(Some((node, module)))
}
