//! The names of an environment that come from outside the call.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::forms::had_another_order;
use super::items::has_pattern;
use crate::model::{DEFAULT_ENVIRONMENT, DOCUMENTS, Name, component_name};
use crate::operation::request::call::Request;
use crate::operation::request::pillar::Pillar;

/// The arguments that name an environment. The first is a parameter of every function.
pub(super) const WORDS: [&str; 3] = ["environment", "env", "workspace"];

pub(super) struct EnvironmentContext {
    pub operation: String,
    /// None if there is no pillar to read.
    pub environments: Option<BTreeSet<Name>>,
    /// The components of all environments, if a message may have to know them: for an operation whose arguments once
    /// had another order, and for a call that names an unknown environment.
    pub components: BTreeSet<Name>,
    pub pillar: Option<String>,
    pub default: Option<String>,
    /// The whole pillar, if the call has a pattern. Only then the names of its components are needed.
    pub infrastructure: Option<Value>,
}

impl EnvironmentContext {
    pub fn of(request: &Request, pillar: &dyn Pillar) -> Self {
        let names = |keys: Vec<String>| keys.iter().filter_map(|name| Name::new(name).ok()).collect();
        let environments: Option<BTreeSet<Name>> =
            pillar.keys(&[]).map(|_| names(pillar.keys(&["environments"]).unwrap_or_default()));
        // The profile's default counts only where the pillar has that environment.
        let is_documents = pillar.part(&["settings", "profile"]) == DOCUMENTS;
        let by_profile = is_documents && pillar.has(&["environments", DEFAULT_ENVIRONMENT]);
        let named = WORDS.iter().filter_map(|word| request.arguments.get(*word)?.as_str());
        let is_unknown = |name: &str| !environments.iter().flatten().any(|one| one.as_str() == name);
        let needs_components = had_another_order(&request.operation) || named.into_iter().any(is_unknown);
        Self {
            operation: request.operation.clone(),
            components: match needs_components {
                true => components(pillar, environments.iter().flatten()),
                false => BTreeSet::new(),
            },
            environments,
            pillar: request.identity.environment.clone(),
            default: text(&pillar.part(&["settings", "default_environment"]))
                .or_else(|| by_profile.then(|| DEFAULT_ENVIRONMENT.to_owned())),
            infrastructure: has_pattern(&request.arguments).then(|| request.infrastructure.clone()),
        }
    }

    /// Whether the pillar has an environment of this name.
    pub fn is_environment(&self, name: &str) -> bool {
        self.environments.iter().flatten().any(|one| one.as_str() == name)
    }

    /// The environment that the call is about, as far as that is known before its arguments are read.
    pub fn likely(&self, arguments: &Map<String, Value>) -> Option<&Name> {
        let all = self.environments.as_ref()?;
        let named = WORDS.iter().find_map(|word| arguments.get(*word)?.as_str());
        let outside = [&self.pillar, &self.default].into_iter().flatten().map(String::as_str);
        let only = all.first().filter(|_| all.len() == 1);
        named.into_iter().chain(outside).find_map(|name| all.get(name)).or(only)
    }
}

fn components<'a>(pillar: &dyn Pillar, environments: impl Iterator<Item = &'a Name>) -> BTreeSet<Name> {
    let mut keys = pillar.keys(&["components"]).unwrap_or_default();
    let mut services = pillar.keys(&["services"]).unwrap_or_default();
    for environment in environments {
        let within = |part| pillar.keys(&["environments", environment.as_str(), part]).unwrap_or_default();
        keys.extend(within("components"));
        services.extend(within("services"));
    }
    keys.extend(services.iter().map(|service| component_name(service)));
    keys.iter().filter_map(|name| Name::new(name).ok()).collect()
}

/// A value as it is shown. Only a text can be the name of an environment.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
