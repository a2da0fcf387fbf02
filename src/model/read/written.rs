//! The parts of a pillar about one environment, level by level, before any of them are merged.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{Fields, entries};
use super::merge;
use super::overrides::{Overrides, with};
use super::problems::Problems;
use super::profile::Profile;
use super::tree::{Tree, TreeKind};
use crate::model::{Name, PillarPath, environment_hint};

/// What the pillar and the call say. The parts that begin with `own` are those of the environment.
pub(super) struct Written {
    pub environment: Name,
    /// All environments of the pillar.
    pub environments: Vec<String>,
    pub settings: Tree,
    pub own_settings: Tree,
    /// The settings that the call gives.
    pub call: Tree,
    pub components: Tree,
    pub own_components: Tree,
    pub services: Tree,
    pub own_services: Tree,
    /// The key `nomad_service`.
    pub mapped: Tree,
}

impl Written {
    /// None if the environment does not exist.
    pub fn open(
        infrastructure: &Value,
        environment: &str,
        overrides: &Overrides,
        problems: &Problems,
    ) -> Option<Self> {
        let mut fields = Fields::open(Tree::new(infrastructure, PillarPath::root()), problems);
        let settings = settings(&mut fields);
        let components = fields.take_or_empty("components");
        let services = fields.take_or_empty("services");
        let mapped = fields.take_or_empty("nomad_service");
        let environments = fields.take_or_empty("environments");
        fields.close();

        let environments_path = environments.path.clone();
        let mut environments = entries(environments, problems);
        for (name, tree) in &environments {
            check_name(name, &tree.path, problems);
        }
        let names: Vec<String> = environments.keys().cloned().collect();
        let Some(own) = environments.remove(environment) else {
            let hint = environment_hint(environment, names.iter().map(String::as_str));
            problems.add(&environments_path, format!("no environment {environment:?}; {hint}"));
            return None;
        };
        let name = Name::new(environment).ok()?;
        let mut own = Fields::open(own, problems);
        let own_settings = self::settings(&mut own);
        let own_components = own.take_or_empty("components");
        let own_services = own.take_or_empty("services");
        own.close();

        let call = [("parallelism", &overrides.parallelism), ("on_failure", &overrides.on_failure)]
            .into_iter()
            .filter_map(|(key, value)| value.as_ref().map(|value| (key, value)))
            .fold(Tree::empty(PillarPath::arguments()), |call, (key, value)| with(call, key, value));
        Some(Self {
            environment: name,
            environments: names,
            settings,
            own_settings,
            call,
            components,
            own_components,
            services,
            own_services,
            mapped,
        })
    }

    pub fn merged_settings(&self) -> MergedSettings {
        let given = merge::deep(self.settings.clone(), self.own_settings.clone());
        let profile = Profile::of(&given);
        let by_profile = profile.settings(&given);
        let merged = merge::deep(merge::deep(by_profile.clone(), given), self.call.clone());
        MergedSettings { profile, by_profile, merged }
    }
}

/// Anything else than a mapping is refused here: a merge would replace it with the next level.
fn settings(fields: &mut Fields<'_>) -> Tree {
    let tree = fields.take_or_empty("settings");
    match tree.kind {
        TreeKind::Map(_) => tree,
        _ => {
            fields.problems.add(&tree.path, "must be a mapping");
            Tree::empty(tree.path)
        }
    }
}

/// The settings of all levels, merged.
pub(super) struct MergedSettings {
    pub profile: Profile,
    /// What the profile adds.
    pub by_profile: Tree,
    /// The profile, the settings, those of the environment, and those of the call; a later one wins.
    pub merged: Tree,
}

/// All components with their levels merged: common, environment, call.
pub(super) fn levels(
    common: Tree,
    own: Tree,
    overrides: &Overrides,
    problems: &Problems,
) -> BTreeMap<Name, Tree> {
    let mut merged: BTreeMap<Name, Tree> = BTreeMap::new();
    for (key, tree) in entries(common, problems).into_iter().chain(entries(own, problems)) {
        let Some(name) = check_name(&key, &tree.path, problems) else {
            continue;
        };
        // `networking:` without any key below it changes nothing.
        let tree = if tree.is_null() { Tree::empty(tree.path) } else { tree };
        let tree = match merged.remove(&name) {
            Some(base) => merge::component(base, tree),
            None => tree,
        };
        merged.insert(name, tree);
    }
    for (name, base) in &mut merged {
        if let Some(over) = overrides.of(name) {
            // The path of the component stays the one in the pillar.
            let path = base.path.clone();
            *base = Tree { path, ..merge::component(base.clone(), over) };
        }
    }
    merged
}

fn check_name(key: &str, path: &PillarPath, problems: &Problems) -> Option<Name> {
    match Name::new(key) {
        Ok(name) => Some(name),
        Err(reason) => {
            problems.add(path, format!("this key {reason}"));
            None
        }
    }
}
