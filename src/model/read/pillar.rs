//! Reads the pillar of one environment, without the modules.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::overrides::Overrides;
use super::problems::Problems;
use super::service::ServiceContext;
use super::shared::SharedSettings;
use super::tree::{Tree, TreeKind};
use super::written::{MergedSettings, Written, levels};
use super::{component, merge, service, settings, sources};
use crate::model::name::LONGEST;
use crate::model::nearest;
use crate::model::{Draft, Name, PillarPath, Problem};

/// Reads one environment. The draft is None if the environment does not exist or cannot be read. Without a pillar,
/// there is no environment.
pub fn read(
    infrastructure: &Value,
    environment: &str,
    overrides: &Overrides,
) -> (Option<Draft>, Vec<Problem>) {
    let problems = Problems::default();
    let draft = read_into(infrastructure, environment, overrides, &problems);
    (draft, problems.into_inner())
}

fn read_into(
    infrastructure: &Value,
    environment: &str,
    overrides: &Overrides,
    problems: &Problems,
) -> Option<Draft> {
    let written = Written::open(infrastructure, environment, overrides, problems)?;
    let MergedSettings { profile, merged: settings_tree, .. } = written.merged_settings();
    let (name, names) = (written.environment, written.environments);
    let shared = SharedSettings::of(&settings_tree);
    // Problems of `vault` are reported for that key, and not again for each reference.
    let has_vault = settings_tree.get("vault").is_some_and(|tree| !tree.is_empty());
    let settings = settings::settings(settings_tree, &names, problems);
    let mut merged = levels(written.components, written.own_components, overrides, problems);
    merged.iter_mut().for_each(|(name, tree)| profile.component(name, tree));
    let mapped = service::mapped(written.mapped, environment, &names, problems);
    let mut services = service::levels(mapped, written.services, written.own_services, overrides, problems);
    services.iter_mut().for_each(|(name, (_, tree))| profile.service(name, tree));
    let mentioned: BTreeSet<Name> =
        merged.keys().cloned().chain(services.values().map(|(component, _)| component.clone())).collect();
    let mut components = BTreeMap::new();
    let merged_places: BTreeMap<Name, PillarPath> =
        merged.iter().map(|(name, tree)| (name.clone(), tree.path.clone())).collect();
    for (component, tree) in merged {
        check_length(&name, &component, &tree.path, problems);
        no_source(&component, &tree, &mentioned, problems);
        if let Some(read) = component::component(component.clone(), tree, &shared, &settings, problems) {
            components.insert(component, read);
        }
    }
    let context = ServiceContext { environment: &name, shared: &shared, settings: &settings };
    for (label, (component, tree)) in services {
        check_length(&name, &component, &tree.path, problems);
        let path = tree.path.clone();
        let read = service::component(component.clone(), label, tree, &context, problems);
        if let Some(taken) = merged_places.get(&component) {
            problems.add(
                &path,
                format!("becomes the component {component}, but that name is already used by {taken}"),
            );
        } else if let Some(read) = read {
            components.insert(component, read);
        }
    }
    service::resolve_consul_names(&mut components);
    sources::check(&settings, has_vault, &components, problems);
    Some(Draft { environment: name, settings, components, mentioned })
}

fn check_length(environment: &Name, component: &Name, path: &PillarPath, problems: &Problems) {
    // A backend joins both names, with one character between them, to one name.
    let together = environment.as_str().len() + 1 + component.as_str().len();
    if together > LONGEST {
        let most = LONGEST;
        problems.add(path, format!("{environment}/{component} has {together} bytes; the maximum is {most}"));
    }
}

fn no_source(name: &Name, tree: &Tree, mentioned: &BTreeSet<Name>, problems: &Problems) {
    // Something that is not a mapping, or is a Salt step, is refused for other reasons.
    let mapping = tree.is_null() || matches!(tree.kind, TreeKind::Map(_));
    if mapping && tree.get("source").is_none_or(Tree::is_null) && tree.get("salt").is_none_or(Tree::is_empty)
    {
        let others = mentioned.iter().filter(|other| *other != name).map(Name::as_str);
        let near = nearest(name.as_str(), others).map(|near| format!("; did you mean {near:?}?"));
        problems.add(&tree.path, format!("a component without a source{}", near.unwrap_or_default()));
    }
}

/// Adds a component that was removed from the pillar. `declared` describes it, with all levels merged.
///
/// Variables in the call override it.
pub fn adopt(draft: &mut Draft, name: Name, declared: &Value, overrides: &Overrides) -> Vec<Problem> {
    let problems = Problems::default();
    let path = PillarPath::root().child("components").child(name.as_str());
    let shared = SharedSettings::nothing(&path);
    let tree = Tree::new(declared, path.clone());
    let tree = overrides.of(&name).into_iter().fold(tree, merge::component);
    if let Some(read) = component::component(name.clone(), tree, &shared, &draft.settings, &problems) {
        draft.mentioned.insert(name.clone());
        draft.components.insert(name, read);
    }
    problems.into_inner()
}
