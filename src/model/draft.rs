//! The pillar, read: everything that can be said without looking at the modules.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::component::Component;
use super::read_component::{self, Shared};
use super::read_service::{self, Around};
use super::read_settings;
use super::reader::{self, Problems};
use super::settings::Settings;
use super::tree::{Kind, Tree};
use super::{Name, PillarPath, Problem, hint, merge, sources};

/// What a call says itself; it is the most specific level.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub parallelism: Option<Value>,
    pub on_failure: Option<Value>,
    /// Variables of one component.
    pub variables: Option<(Name, Value)>,
    /// References for variables of one component.
    pub secrets: Option<(Name, Value)>,
    /// The backend of one component.
    pub backend: Option<(Name, Value)>,
    /// Keys of one service, by its own name; one that the pillar has not is the call's alone.
    pub service: Option<(Name, Value)>,
}

impl Overrides {
    /// What the call says of one component.
    fn of(&self, component: &Name) -> Option<Tree> {
        let given = [("variables", &self.variables), ("secrets", &self.secrets), ("backend", &self.backend)];
        let of_it = given.into_iter().filter_map(|(key, given)| {
            let (name, value) = given.as_ref()?;
            (name == component).then_some((key, value))
        });
        let nothing = Tree::empty(PillarPath::arguments());
        let said = of_it.fold(nothing, |said, (key, value)| with(said, key, value));
        (!said.is_empty()).then_some(said)
    }
}

/// An environment whose modules have not been looked at yet.
#[derive(Clone, Debug)]
pub struct Draft {
    pub environment: Name,
    pub settings: Settings,
    /// Those whose source or step is known, even where other things about them are wrong.
    pub components: BTreeMap<Name, Component>,
    /// All that are named, so that one problem does not bring others.
    pub mentioned: BTreeSet<Name>,
}

impl Draft {
    /// Takes in a component that the pillar no longer has, as it is declared here, all levels merged.
    ///
    /// What the call says of its variables wins.
    pub fn adopt(&mut self, name: Name, declared: &Value, overrides: &Overrides) -> Vec<Problem> {
        let problems = Problems::default();
        let path = PillarPath::root().child("components").child(name.as_str());
        let nothing = |key: &str| Tree::empty(path.child(key));
        let shared = Shared {
            backend: nothing("backend"),
            policy: nothing("policy"),
            rollback: nothing("rollback"),
            drift: nothing("drift"),
            timeouts: nothing("timeouts"),
            credentials: nothing("credentials"),
        };
        let tree = Tree::new(declared, path.clone());
        let tree = overrides.of(&name).into_iter().fold(tree, merge::component);
        if let Some(read) = read_component::component(name.clone(), tree, &shared, &self.settings, &problems)
        {
            self.mentioned.insert(name.clone());
            self.components.insert(name, read);
        }
        problems.into_inner()
    }
}

/// Reads one environment. None where there is no such environment to go on with.
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
    let root = PillarPath::root();
    if infrastructure.is_null() {
        problems
            .add(&root, "the pillar has no such key: is this the minion whose pillar it is? (minion=...)");
        return None;
    }
    let mut fields = reader::Fields::open(Tree::new(infrastructure, root), problems);
    let settings = fields.take_or_empty("settings");
    let components = fields.take_or_empty("components");
    let services = fields.take_or_empty("services");
    let mapped = fields.take_or_empty("nomad_service");
    let environments = fields.take_or_empty("environments");
    fields.close();

    let environments_path = environments.path.clone();
    let mut environments = reader::entries(environments, problems);
    for (name, tree) in &environments {
        check_name(name, &tree.path, problems);
    }
    let names: Vec<String> = environments.keys().cloned().collect();
    let Some(own) = environments.remove(environment) else {
        let hint = hint(environment, names.iter().map(String::as_str));
        problems.add(&environments_path, format!("no environment {environment:?}; {hint}"));
        return None;
    };
    let name = Name::new(environment).ok()?;
    let mut own = reader::Fields::open(own, problems);
    let own_settings = own.take_or_empty("settings");
    let own_components = own.take_or_empty("components");
    let own_services = own.take_or_empty("services");
    own.close();

    let call = [("parallelism", &overrides.parallelism), ("on_failure", &overrides.on_failure)]
        .into_iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| (key, value)))
        .fold(Tree::empty(PillarPath::arguments()), |call, (key, value)| with(call, key, value));
    let settings_tree = merge::deep(merge::deep(settings, own_settings), call);
    let shared = |key: &str| settings_tree.get(key).filter(|tree| !tree.is_null()).cloned();
    let path = settings_tree.path.clone();
    let shared = Shared {
        backend: shared("backend").unwrap_or_else(|| Tree::empty(path.child("backend"))),
        policy: shared("policy").unwrap_or_else(|| Tree::empty(path.child("policy"))),
        rollback: shared("rollback").unwrap_or_else(|| Tree::empty(path.child("rollback"))),
        drift: shared("drift").unwrap_or_else(|| Tree::empty(path.child("drift"))),
        timeouts: shared("timeouts").unwrap_or_else(|| Tree::empty(path.child("timeouts"))),
        credentials: shared("credentials").unwrap_or_else(|| Tree::empty(path.child("credentials"))),
    };
    // What is wrong with it is said there, and not once more for each reference.
    let has_vault = settings_tree.get("vault").is_some_and(|tree| !tree.is_empty());
    let settings = read_settings::settings(settings_tree, &names, problems);
    let merged = levels(components, own_components, overrides, problems);
    let mapped = read_service::mapped(mapped, environment, &names, problems);
    let services = read_service::levels(mapped, services, own_services, overrides, problems);
    let mentioned: BTreeSet<Name> =
        merged.keys().cloned().chain(services.values().map(|(component, _)| component.clone())).collect();
    let mut components = BTreeMap::new();
    let merged_places: BTreeMap<Name, PillarPath> =
        merged.iter().map(|(name, tree)| (name.clone(), tree.path.clone())).collect();
    for (component, tree) in merged {
        check_length(&name, &component, &tree.path, problems);
        no_source(&component, &tree, &mentioned, problems);
        if let Some(read) = read_component::component(component.clone(), tree, &shared, &settings, problems) {
            components.insert(component, read);
        }
    }
    let around = Around { environment: &name, shared: &shared, settings: &settings };
    for (label, (component, tree)) in services {
        check_length(&name, &component, &tree.path, problems);
        let path = tree.path.clone();
        let read = read_service::component(component.clone(), label, tree, &around, problems);
        if let Some(taken) = merged_places.get(&component) {
            problems
                .add(&path, format!("becomes the component {component}, and there is one already: {taken}"));
        } else if let Some(read) = read {
            components.insert(component, read);
        }
    }
    sources::check(&settings, has_vault, &components, problems);
    Some(Draft { environment: name, settings, components, mentioned })
}

/// Every component with its levels merged: common, the environment's, the call's.
fn levels(common: Tree, own: Tree, overrides: &Overrides, problems: &Problems) -> BTreeMap<Name, Tree> {
    let mut merged: BTreeMap<Name, Tree> = BTreeMap::new();
    for (key, tree) in reader::entries(common, problems).into_iter().chain(reader::entries(own, problems)) {
        let Some(name) = check_name(&key, &tree.path, problems) else {
            continue;
        };
        // `networking:` without anything below it changes nothing.
        let tree = if tree.is_null() { Tree::empty(tree.path) } else { tree };
        let tree = match merged.remove(&name) {
            Some(base) => merge::component(base, tree),
            None => tree,
        };
        merged.insert(name, tree);
    }
    for (name, base) in &mut merged {
        if let Some(over) = overrides.of(name) {
            // The component itself stays where the pillar has it.
            let path = base.path.clone();
            *base = Tree { path, ..merge::component(base.clone(), over) };
        }
    }
    merged
}

/// A tree with one more entry, which stands in the call's arguments.
fn with(tree: Tree, key: &str, value: &Value) -> Tree {
    let path = PillarPath::arguments().child(key);
    match tree.kind {
        Kind::Map(mut map) => {
            map.insert(key.to_owned(), Tree::new(value, path));
            Tree { kind: Kind::Map(map), ..tree }
        }
        _ => tree,
    }
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

fn check_length(environment: &Name, component: &Name, path: &PillarPath, problems: &Problems) {
    // Together with the character between them they become one name in a backend.
    let together = environment.as_str().len() + 1 + component.as_str().len();
    if together > super::name::LONGEST {
        let most = super::name::LONGEST;
        problems.add(
            path,
            format!("{environment}/{component} has {together} bytes; together they have at most {most}"),
        );
    }
}

fn no_source(name: &Name, tree: &Tree, mentioned: &BTreeSet<Name>, problems: &Problems) {
    // What is no mapping, or a step of Salt's own, is refused for that.
    let mapping = tree.is_null() || matches!(tree.kind, Kind::Map(_));
    if mapping && tree.get("source").is_none_or(Tree::is_null) && tree.get("salt").is_none_or(Tree::is_empty)
    {
        let others = mentioned.iter().filter(|other| *other != name).map(Name::as_str);
        let near = super::nearest(name.as_str(), others).map(|near| format!("; did you mean {near:?}?"));
        problems.add(&tree.path, format!("a component without a source{}", near.unwrap_or_default()));
    }
}
