//! Merges the levels of a service: common, environment, call.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::label::label;
use super::mapping::{MappedServices, config_of};
use crate::model::read::fields::entries;
use crate::model::read::merge;
use crate::model::read::overrides::Overrides;
use crate::model::read::problems::Problems;
use crate::model::read::tree::Tree;
use crate::model::service::ServiceVariable;
use crate::model::{Name, PillarPath, component_name, service_name};

/// All services with merged levels, each with the component that it becomes. Within one level, `services` is more
/// specific than `nomad_service`.
pub(in crate::model::read) fn levels(
    mapped: MappedServices,
    common: Tree,
    own: Tree,
    overrides: &Overrides,
    problems: &Problems,
) -> BTreeMap<Name, (Name, Tree)> {
    let mut merged: BTreeMap<Name, (Name, Tree)> = BTreeMap::new();
    let text = |(name, tree): (Name, Tree)| (name.to_string(), tree);
    let everywhere = mapped.everywhere.into_iter().map(text).chain(entries(common, problems));
    let here = mapped.here.into_iter().map(text).chain(entries(own, problems));
    for (key, tree) in everywhere.chain(here).chain(said_of_a_service(overrides, problems)) {
        let names = label(&key).and_then(|label| Ok((label, Name::new(&component_name(&key))?)));
        match names {
            Ok((label, component)) => add(&mut merged, label, component, tree),
            Err(reason) => problems.add(&tree.path, format!("this key {reason}")),
        }
    }
    for (component, tree) in said_of_a_component(overrides) {
        // Overrides of a component do not create a service that does not exist.
        let known = service_name(component.as_str()).and_then(|service| Name::new(service).ok());
        if let Some(label) = known.filter(|label| merged.contains_key(label)) {
            add(&mut merged, label, component, tree);
        }
    }
    merged
}

fn add(merged: &mut BTreeMap<Name, (Name, Tree)>, label: Name, component: Name, tree: Tree) {
    // `jenkins:` without any key below it changes nothing.
    let tree = if tree.is_null() { Tree::empty(tree.path) } else { tree };
    let tree = match merged.remove(&label) {
        Some((_, base)) => {
            // The path of the service stays the one in the pillar.
            let path = if tree.path.is_argument() { base.path.clone() } else { tree.path.clone() };
            Tree { path, ..merge::service(base, tree) }
        }
        None => tree,
    };
    merged.insert(label, (component, tree));
}

fn said_of_a_service(overrides: &Overrides, problems: &Problems) -> Option<(String, Tree)> {
    let (name, config) = overrides.service.as_ref()?;
    let tree = Tree::new(config, PillarPath::arguments().child("service_config"));
    Some((name.to_string(), config_of(tree, problems)))
}

/// In a call, variables of the component become values of the service or variables of its template. Secrets of the
/// component become secrets of the service.
fn said_of_a_component(overrides: &Overrides) -> Vec<(Name, Tree)> {
    let is_knob = |name: &str| ServiceVariable::ALL.iter().any(|variable| variable.name() == name);
    let tree = |(key, name, value): (&'static str, &Name, &Value)| match (key, value) {
        ("variables", Value::Object(variables)) => {
            let (mut values, own): (Map<_, _>, Map<_, _>) =
                variables.clone().into_iter().partition(|(name, _)| is_knob(name));
            if !own.is_empty() {
                values.insert("variables".to_owned(), own.into());
            }
            let tree = Tree::new(&values.into(), PillarPath::arguments().child("variables"));
            Some((name.clone(), tree))
        }
        ("variables", _) => None,
        _ => Some((name.clone(), Tree::new(&json!({ key: value }), PillarPath::arguments()))),
    };
    overrides.of_components().filter_map(tree).collect()
}
