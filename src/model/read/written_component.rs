//! One component or service as the pillar writes it for an environment: without the profile, the settings and a call.

use serde_json::{Map, Value};

use super::overrides::Overrides;
use super::problems::Problems;
use super::service::{self, MappedServices};
use super::tree::Tree;
use super::written::{Written, levels};
use crate::model::{EntryKind, Name, component_name};

#[derive(Clone, Debug, PartialEq)]
pub struct WrittenComponent {
    pub kind: EntryKind,
    /// Its key in the pillar.
    pub name: Name,
    /// The levels that all environments share, and those of the environment.
    pub merged: Map<String, Value>,
    /// Those of the environment alone.
    pub own: Map<String, Value>,
}

impl WrittenComponent {
    /// `name`: that of a component, or of a service. None if the environment has neither.
    pub fn find(infrastructure: &Value, environment: &str, name: &Name) -> Option<Self> {
        let written =
            Written::open(infrastructure, environment, &Overrides::default(), &Problems::default())?;
        of_module(&written, name).or_else(|| of_service(&written, name))
    }
}

fn of_module(written: &Written, name: &Name) -> Option<WrittenComponent> {
    let (nothing, none, problems) =
        (Tree::empty(written.components.path.clone()), Overrides::default(), Problems::default());
    let one = |common: &Tree, own: &Tree| {
        levels(common.clone(), own.clone(), &none, &problems).remove(name).map(|tree| map(&tree))
    };
    let merged = one(&written.components, &written.own_components)?;
    let own = one(&nothing, &written.own_components).unwrap_or_default();
    Some(WrittenComponent { kind: EntryKind::Component, name: name.clone(), merged, own })
}

fn of_service(written: &Written, name: &Name) -> Option<WrittenComponent> {
    let (nothing, none, problems) =
        (Tree::empty(written.services.path.clone()), Overrides::default(), Problems::default());
    let MappedServices { everywhere, here } = service::mapped(
        written.mapped.clone(),
        written.environment.as_str(),
        &written.environments,
        &problems,
    );
    let is_it = |label: &Name| label == name || component_name(label.as_str()) == name.as_str();
    let one = |everywhere: &[(Name, Tree)], common: &Tree| {
        let mapped = MappedServices { everywhere: everywhere.to_vec(), here: here.clone() };
        let found = service::levels(mapped, common.clone(), written.own_services.clone(), &none, &problems);
        found.into_iter().find(|(label, _)| is_it(label)).map(|(label, (_, tree))| (label, map(&tree)))
    };
    let (name, merged) = one(&everywhere, &written.services)?;
    let own = one(&[], &nothing).map(|(_, own)| own).unwrap_or_default();
    Some(WrittenComponent { kind: EntryKind::Service, name, merged, own })
}

fn map(tree: &Tree) -> Map<String, Value> {
    match tree.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
