//! The components that a call names. A pattern such as `tenant_*` stands for all components that it matches.

use std::collections::BTreeSet;

use serde_json::Value;

use super::items::items;
use super::{Arguments, shorten};
use crate::graph::Graph;
use crate::model::{self, Name, NamePattern, Overrides, environment_hint, nearest, some_listed};

/// One item of a list of components.
enum Item {
    Name(Name),
    Pattern(NamePattern),
}

impl Arguments {
    /// The components that a call names by `components`. None means all.
    pub fn components(&mut self, environment: &Name) -> Option<BTreeSet<Name>> {
        Some(self.ordered("components", environment)?.into_iter().collect())
    }

    /// The same for any argument. A pattern may mean these names, and no others. None: they are not known, and the call
    /// ends with the reason.
    pub fn named_among(
        &mut self,
        key: &'static str,
        names: impl FnOnce() -> Option<Vec<Name>>,
    ) -> Option<BTreeSet<Name>> {
        Some(self.expanded(key, |_| names())?.into_iter().collect())
    }

    /// The same, in the given order. The names of a pattern are ordered by their dependencies, dependents first.
    pub fn ordered(&mut self, key: &'static str, environment: &Name) -> Option<Vec<Name>> {
        self.expanded(key, |arguments| arguments.enabled(environment))
    }

    /// What the patterns of this call mean, one line each.
    pub fn meanings(&self) -> Vec<String> {
        let line = |(pattern, names): &(NamePattern, Vec<Name>)| {
            let mut names: Vec<_> = names.iter().map(Name::as_str).collect();
            names.sort_unstable();
            format!("{} matches {}", pattern.as_str(), names.join(", "))
        };
        self.matched.iter().map(line).collect()
    }

    fn expanded(
        &mut self,
        key: &'static str,
        names: impl FnOnce(&Self) -> Option<Vec<Name>>,
    ) -> Option<Vec<Name>> {
        let given = items(&self.take(key)?);
        if given.is_empty() {
            self.problem(key, "is empty: name at least one, or omit it for all");
        }
        let items: Vec<Item> = given.iter().filter_map(|item| self.as_item(key, item)).collect();
        let is_pattern = |item: &Item| matches!(item, Item::Pattern(_));
        // Without a pillar there are no names. The call ends with the pillar's problems.
        let known = if items.iter().any(is_pattern) { names(self) } else { None };
        let mut named: BTreeSet<Name> = items
            .iter()
            .filter_map(|item| match item {
                Item::Name(name) => Some(name.clone()),
                Item::Pattern(_) => None,
            })
            .collect();
        let mut list = Vec::new();
        for item in items {
            match (item, &known) {
                (Item::Name(name), _) => list.push(name),
                (Item::Pattern(_), None) => list.push(Self::placeholder()),
                (Item::Pattern(pattern), Some(known)) => {
                    let found: Vec<_> =
                        known.iter().filter(|name| pattern.matches(name.as_str())).cloned().collect();
                    if found.is_empty() {
                        let message = format!("{:?} {}", pattern.as_str(), no_match(&pattern, known));
                        self.problem(key, message);
                        list.push(Self::placeholder());
                    }
                    list.extend(found.iter().filter(|name| named.insert((*name).clone())).cloned());
                    self.matched.push((pattern, found));
                }
            }
        }
        Some(list)
    }

    fn as_item(&mut self, key: &str, value: &Value) -> Option<Item> {
        let pattern = value.as_str().filter(|text| NamePattern::is_meant(text));
        let Some(text) = pattern else { return self.as_name(key, value).map(Item::Name) };
        match NamePattern::new(text) {
            Ok(pattern) => Some(Item::Pattern(pattern)),
            Err(reason) => {
                self.problem(key, format!("{:?} {reason}", shorten(text)));
                None
            }
        }
    }

    /// The enabled components of the environment, dependents first. None if the pillar cannot be read.
    fn enabled(&self, environment: &Name) -> Option<Vec<Name>> {
        let pillar = self.context.infrastructure.as_ref()?;
        let (draft, _) = model::read(pillar, environment.as_str(), &Overrides::default());
        let draft = draft?;
        // A cycle is a problem of the pillar, and the call ends with it.
        let mut order = Graph::new(model::edges(&draft)).map(|graph| graph.order()).unwrap_or_default();
        order.retain(|name| draft.components[name].enabled);
        order.reverse();
        Some(order)
    }
}

/// Why a pattern has no name, with the names that may have been meant.
fn no_match(pattern: &NamePattern, known: &[Name]) -> String {
    let stem = pattern.stem();
    let beginning = |name: &Name| name.as_str().get(..stem.len()).map(str::to_owned);
    let beginnings: BTreeSet<String> = known.iter().filter_map(beginning).collect();
    let hint = match nearest(&stem, beginnings.iter().map(String::as_str)) {
        Some(near) => {
            let mut near: Vec<_> =
                known.iter().map(Name::as_str).filter(|name| name.starts_with(near)).collect();
            near.sort_unstable();
            format!("did you mean {}?", some_listed(near.into_iter()))
        }
        None => environment_hint(&stem, known.iter().map(Name::as_str)),
    };
    format!("matches no component; {hint}")
}
