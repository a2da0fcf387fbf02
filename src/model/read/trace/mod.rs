//! Which levels set a value, and which of them wins.
//!
//! The winner is read from the merged levels, as every other operation gets them, so it cannot differ from what is used.

mod levels;
mod setters;

use std::collections::BTreeSet;

use super::tree::{Tree, TreeKind};
use crate::model::{Content, Effect, Level, Setter};

/// The maps of a service whose entries have names of their own.
pub const SERVICE_MAPS: [&str; 4] = ["env", "from_outputs", "secrets", "variables"];

/// The levels of one component, or of the settings, before and after they are merged.
pub struct Trace {
    /// Each level alone, the most specific last. They have the same keys as `merged`.
    levels: Vec<(Level, Tree)>,
    merged: Tree,
    kind: Kind,
    /// The levels of the settings and their merge, if the component has the hooks of these too.
    of_all: Option<(Vec<(Level, Tree)>, Tree)>,
}

/// This key of a component does not replace that of the settings: both are used.
const HOOKS: &str = "hooks";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Settings,
    Component,
    Service,
}

impl Trace {
    /// Whether these are the levels of the settings.
    pub fn is_settings(&self) -> bool {
        self.kind == Kind::Settings
    }

    pub fn is_service(&self) -> bool {
        self.kind == Kind::Service
    }

    /// The names of all variables that some level sets.
    pub fn variables(&self) -> BTreeSet<String> {
        let maps = self.maps();
        let below = |key: &str| self.keys_at(&[key.to_owned()]);
        let mut names: BTreeSet<String> = maps.iter().flat_map(|key| below(key)).collect();
        if self.kind == Kind::Service {
            names.extend(self.keys_at(&[]).into_iter().filter(|key| !maps.contains(&key.as_str())));
        }
        names
    }

    /// All other keys that some level sets. A service has none: its keys are its variables.
    pub fn keys(&self) -> BTreeSet<String> {
        let mut keys = match self.kind {
            Kind::Service => BTreeSet::new(),
            Kind::Settings | Kind::Component => self.keys_at(&[]),
        };
        keys.retain(|key| !self.maps().contains(&key.as_str()));
        if !self.hooks_of_all().is_empty() {
            keys.insert(HOOKS.to_owned());
        }
        keys
    }

    /// The levels that set a variable, the most specific first. `below`: a path inside its value.
    pub fn variable(&self, name: &str, below: &[String]) -> Vec<Setter> {
        setters::at(&self.levels, &self.merged, &self.places(name), below)
    }

    /// What all levels together have for a variable, and the key below which it is.
    pub fn merged_variable(&self, name: &str) -> Option<(String, Content)> {
        self.places(name).iter().find_map(|path| setters::merged(&self.merged, path))
    }

    /// What all levels together have for a key.
    pub fn merged_key(&self, key: &str) -> Option<Content> {
        Some(setters::merged(&self.merged, &[key.to_owned()])?.1)
    }

    /// The paths where a variable may be written.
    fn places(&self, name: &str) -> Vec<Vec<String>> {
        let within = |key: &&str| vec![(*key).to_owned(), name.to_owned()];
        let mut paths: Vec<_> = self.maps().iter().map(within).collect();
        if self.kind == Kind::Service {
            paths.push(vec![name.to_owned()]);
        }
        paths
    }

    /// The levels that set a key, the most specific first.
    pub fn key(&self, path: &[String]) -> Vec<Setter> {
        let mut setters = setters::at(&self.levels, &self.merged, &[path.to_vec()], &[]);
        if path == [HOOKS] {
            setters.extend(self.hooks_of_all());
        }
        setters
    }

    fn hooks_of_all(&self) -> Vec<Setter> {
        let Some((levels, merged)) = &self.of_all else { return Vec::new() };
        let mut setters = setters::at(levels, merged, &[vec![HOOKS.to_owned()]], &[]);
        for setter in &mut setters {
            if setter.effect == Effect::Wins {
                setter.effect = Effect::Added;
            }
        }
        setters
    }

    fn maps(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Settings => &[],
            Kind::Component => &super::merge::VARIABLE_MAPS,
            Kind::Service => &SERVICE_MAPS,
        }
    }

    fn keys_at(&self, path: &[String]) -> BTreeSet<String> {
        let found = self.levels.iter().filter_map(|(_, tree)| setters::get(tree, path));
        let keys = found.filter_map(|tree| match &tree.kind {
            TreeKind::Map(map) => Some(map.keys().cloned()),
            _ => None,
        });
        keys.flatten().collect()
    }
}
