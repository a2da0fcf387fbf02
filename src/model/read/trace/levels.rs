//! Collects the levels of the settings, of a component and of a service.
//!
//! One level alone is what the readers of all levels return if the others are empty.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Kind, Trace};
use crate::model::read::merge;
use crate::model::read::overrides::Overrides;
use crate::model::read::problems::Problems;
use crate::model::read::profile::Profile;
use crate::model::read::service::{self, MappedServices};
use crate::model::read::tree::{Tree, TreeKind};
use crate::model::read::written::{MergedSettings, Written, levels};
use crate::model::{Level, Name, PillarPath};

/// The keys that a component has in common with the settings.
const INHERITED: [&str; 7] =
    ["backend", "credentials", "drift", "on_failure", "policy", "rollback", "timeouts"];

impl Trace {
    /// The settings. None if the environment does not exist.
    pub fn of_settings(infrastructure: &Value, environment: &str, overrides: &Overrides) -> Option<Self> {
        let written = Written::open(infrastructure, environment, overrides, &Problems::default())?;
        let MergedSettings { by_profile, merged, .. } = written.merged_settings();
        let levels = settings(&written, by_profile);
        Some(Self { levels, merged, kind: Kind::Settings, of_all: None })
    }

    /// A component, or a service by its component. None if neither exists.
    pub fn of_component(
        infrastructure: &Value,
        environment: &str,
        overrides: &Overrides,
        name: &Name,
    ) -> Option<Self> {
        let written = Written::open(infrastructure, environment, overrides, &Problems::default())?;
        let MergedSettings { profile, by_profile, merged } = written.merged_settings();
        let shared = settings(&written, by_profile);
        let of_all = (shared.clone(), merged.clone());
        let (own, tree, kind) = of_module(&written, overrides, &profile, name)
            .or_else(|| of_service(&written, overrides, &profile, name))?;
        let by_profile = of_profile(&tree).into_iter().map(|tree| (Level::Profile, tree));
        let shared = shared.into_iter().map(|(level, tree)| (level, inherited(&tree)));
        let own = own.into_iter().map(|(level, tree)| (level, without_null(tree)));
        Some(Self {
            levels: by_profile.chain(shared).chain(own).collect(),
            of_all: inherits_hooks(&tree).then_some(of_all),
            merged: merge::deep(inherited(&merged), without_null(tree)),
            kind,
        })
    }
}

/// Each level of the settings.
fn settings(written: &Written, by_profile: Tree) -> Vec<(Level, Tree)> {
    vec![
        (Level::Profile, by_profile),
        (Level::Settings, written.settings.clone()),
        (Level::EnvironmentSettings, written.own_settings.clone()),
        (Level::Call, written.call.clone()),
    ]
}

type Levels = (Vec<(Level, Tree)>, Tree, Kind);

fn of_module(written: &Written, overrides: &Overrides, profile: &Profile, name: &Name) -> Option<Levels> {
    let problems = Problems::default();
    let (common, own) = (written.components.clone(), written.own_components.clone());
    let one = |common: Tree, own: Tree, overrides: &Overrides| {
        levels(common, own, overrides, &problems).remove(name)
    };
    let (nothing, none) = (Tree::empty(PillarPath::root()), Overrides::default());
    let alone = [
        (Level::Component, one(common.clone(), nothing.clone(), &none)),
        (Level::EnvironmentComponent, one(nothing, own.clone(), &none)),
        (Level::Call, overrides.of(name)),
    ];
    let mut merged = one(common, own, overrides)?;
    profile.component(name, &mut merged);
    Some((present(alone), merged, Kind::Component))
}

fn of_service(written: &Written, overrides: &Overrides, profile: &Profile, name: &Name) -> Option<Levels> {
    let problems = Problems::default();
    let MappedServices { everywhere, here } = service::mapped(
        written.mapped.clone(),
        written.environment.as_str(),
        &written.environments,
        &problems,
    );
    let one = |everywhere: &[(Name, Tree)],
               common: &Tree,
               here: &[(Name, Tree)],
               own: &Tree,
               overrides: &Overrides| {
        let mapped = MappedServices { everywhere: everywhere.to_vec(), here: here.to_vec() };
        let found = service::levels(mapped, common.clone(), own.clone(), overrides, &problems);
        found.into_iter().find(|(_, (component, _))| component == name)
    };
    let (nothing, none) = (Tree::empty(PillarPath::root()), Overrides::default());
    let (common, own) = (&written.services, &written.own_services);
    let (label, (_, mut merged)) = one(&everywhere, common, &here, own, overrides)?;
    // The call changes a service only if there is one.
    let bare = Tree {
        path: own.path.clone(),
        kind: TreeKind::Map([(label.to_string(), Tree::empty(own.path.child(&label)))].into()),
    };
    let alone = [
        (Level::NomadService, one(&everywhere, &nothing, &[], &nothing, &none)),
        (Level::Component, one(&[], common, &[], &nothing, &none)),
        (Level::EnvironmentNomadService, one(&[], &nothing, &here, &nothing, &none)),
        (Level::EnvironmentComponent, one(&[], &nothing, &[], own, &none)),
        (Level::Call, one(&[], &nothing, &[], &bare, overrides)),
    ];
    profile.service(&label, &mut merged);
    let alone = alone.map(|(level, found)| (level, found.map(|(_, (_, tree))| tree)));
    Some((present(alone), merged, Kind::Service))
}

fn present<const N: usize>(levels: [(Level, Option<Tree>); N]) -> Vec<(Level, Tree)> {
    levels.into_iter().filter_map(|(level, tree)| Some((level, tree?))).collect()
}

/// What the profile added to a component. It adds nothing to what another level sets.
fn of_profile(tree: &Tree) -> Option<Tree> {
    let TreeKind::Map(map) = &tree.kind else {
        return tree.path.is_below(&Profile::path()).then(|| tree.clone());
    };
    if tree.path.is_below(&Profile::path()) {
        return Some(tree.clone());
    }
    let map: BTreeMap<_, _> =
        map.iter().filter_map(|(key, tree)| Some((key.clone(), of_profile(tree)?))).collect();
    (!map.is_empty()).then(|| Tree { path: tree.path.clone(), kind: TreeKind::Map(map) })
}

fn inherits_hooks(component: &Tree) -> bool {
    component.get("inherit_hooks").is_none_or(|tree| tree.to_value() != false)
}

/// The settings that a component inherits.
fn inherited(settings: &Tree) -> Tree {
    let map = INHERITED.iter().filter_map(|key| Some(((*key).to_owned(), settings.get(key)?.clone())));
    let map = map.filter(|(_, tree)| !tree.is_null()).collect();
    Tree { path: settings.path.clone(), kind: TreeKind::Map(map) }
}

/// Null in one of the inherited keys of a component counts as absent.
fn without_null(mut component: Tree) -> Tree {
    if let TreeKind::Map(map) = &mut component.kind {
        map.retain(|key, tree| !tree.is_null() || !INHERITED.contains(&key.as_str()));
    }
    component
}
