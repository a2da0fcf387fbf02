//! The variables and keys that a question means.

use std::collections::BTreeSet;

use serde_json::Value;

use super::setting::Setting;
use crate::model::{Component, Content, Effect, Interface, Level, Name, Setter, Trace, hint, standard_value};
use crate::resolve::ModuleValues;

/// Keys that a component has also if no level sets them.
const OF_A_COMPONENT: [&str; 15] = [
    "backend",
    "credentials",
    "data",
    "depends_on",
    "drift",
    "enabled",
    "health",
    "hooks",
    "inherit_hooks",
    "on_failure",
    "policy",
    "rollback",
    "source",
    "template",
    "timeouts",
];
const OF_SETTINGS: [&str; 23] = [
    "approvals",
    "backend",
    "concurrency",
    "consul",
    "consul_name",
    "credentials",
    "default_environment",
    "drift",
    "hooks",
    "lock",
    "lock_timeout",
    "nomad",
    "on_failure",
    "parallelism",
    "policy",
    "prices",
    "profile",
    "rollback",
    "root",
    "run_hooks",
    "terraform",
    "timeouts",
    "vault",
];
/// The words before the name of a variable that the pillar writes.
const MAPS: [&str; 3] = ["variables", "from_outputs", "secrets"];
/// Keys whose values are never secrets.
const SHOWN: [&str; 19] = [
    "approvals",
    "concurrency",
    "data",
    "default_environment",
    "depends_on",
    "drift",
    "enabled",
    "inherit_hooks",
    "lock_timeout",
    "on_failure",
    "parallelism",
    "policy",
    "prices",
    "profile",
    "rollback",
    "root",
    "source",
    "template",
    "timeouts",
];

/// A component or the settings, and the parts of it that are known.
pub(super) struct Asked<'a> {
    pub trace: &'a Trace,
    pub environment: &'a Name,
    /// None for the settings, and for a component that cannot be read.
    pub component: Option<&'a Component>,
    /// None if the module cannot be read, and if there is none.
    pub interface: Option<&'a Interface>,
    /// What the module itself gives to its variables.
    pub values: &'a ModuleValues,
    /// What Eos takes for keys that nothing sets.
    pub defaults: &'a Value,
    /// The root that Salt's configuration names in place of the pillar's.
    pub salt_root: Option<&'a str>,
}

impl Asked<'_> {
    /// A variable, a key, or both if they have the same name. The error is a sentence.
    pub fn one(&self, first: &str, rest: &[String]) -> Result<Vec<Setting>, String> {
        let variables = self.variables();
        let (first, rest) = match rest {
            [name, rest @ ..] if MAPS.contains(&first) && !variables.contains(first) => (name.as_str(), rest),
            _ => (first, rest),
        };
        let keys = self.keys();
        let mut found = Vec::new();
        if variables.contains(first) {
            found.push(self.variable(first, rest));
        }
        if keys.contains(first) {
            found.push(self.key(first, rest));
        }
        if found.is_empty() {
            let known: BTreeSet<&String> = variables.iter().chain(&keys).collect();
            let known = known.iter().map(|name| name.as_str());
            return Err(format!("nothing here has the name {first:?}; {}", hint(first, known)));
        }
        Ok(found)
    }

    /// All variables, and the keys that some level sets.
    pub fn all(&self) -> Vec<Setting> {
        let variables = self.variables();
        let keys = self.trace.keys();
        let variables = variables.iter().map(|name| self.variable(name, &[]));
        variables.chain(keys.iter().map(|key| self.key(key, &[]))).collect()
    }

    fn variables(&self) -> BTreeSet<String> {
        let declared = self.interface.into_iter().flat_map(|interface| interface.variables.keys());
        // Eos makes these variables of a service from other keys.
        let is_made = |name: &&String| {
            self.trace.is_service() && (name.starts_with("env_") || *name == "secrets_revision")
        };
        let declared = declared.filter(|name| !is_made(name)).cloned();
        self.trace.variables().into_iter().chain(declared).collect()
    }

    fn keys(&self) -> BTreeSet<String> {
        let always: &[&str] = if self.trace.is_settings() { &OF_SETTINGS } else { &OF_A_COMPONENT };
        let always = always.iter().map(|key| (*key).to_owned());
        let mut keys: BTreeSet<String> = self.trace.keys().into_iter().chain(always).collect();
        if self.trace.is_service() {
            // A key that some level sets is one of its variables.
            let set = self.trace.variables();
            keys.retain(|key| !set.contains(key));
        }
        keys
    }

    fn key(&self, first: &str, rest: &[String]) -> Setting {
        let path: Vec<String> = std::iter::once(first.to_owned()).chain(rest.iter().cloned()).collect();
        let mut setters = self.trace.key(&path);
        if let ("root", [], true, Some(root)) = (first, rest, self.trace.is_settings(), self.salt_root) {
            let root = Content::Value(root.into());
            setters = vec![implicit(Level::SaltOption, Some(root), Effect::Wins)];
        }
        if setters.is_empty() {
            let default = self.defaults.get(first).and_then(|value| below(value, rest));
            setters.push(implicit(Level::Default, default.map(Content::Value), Effect::Wins));
        }
        Setting { name: path, kind: "key", is_shown: SHOWN.contains(&first), setters }
    }

    fn variable(&self, first: &str, rest: &[String]) -> Setting {
        let mut setters = self.trace.variable(first, rest);
        let is_set = !setters.is_empty();
        let mut next = if is_set { Effect::Overridden } else { Effect::Wins };
        let mut add = |level, content| {
            setters.push(implicit(level, content, std::mem::replace(&mut next, Effect::Overridden)));
        };
        if let (Some(component), Some(interface)) = (self.component, self.interface) {
            match standard_value(first, self.environment, component, interface) {
                Some(value) if !is_set && rest.is_empty() => {
                    add(Level::Standard, Some(Content::Value(value)))
                }
                _ => {}
            }
            if interface.preset.contains(first) {
                let preset = self.values.preset.get(first).and_then(|value| below(value, rest));
                add(Level::ModuleFile, preset.map(Content::Value));
            }
            if interface.variables.get(first).is_some_and(|one| one.has_default) {
                let level = if self.trace.is_service() { Level::Default } else { Level::ModuleDefault };
                let default = self.values.defaults.get(first).and_then(|value| below(value, rest));
                add(level, default.map(Content::Value));
            }
        }
        let declared = self.interface.and_then(|interface| interface.variables.get(first));
        let is_shown = declared.is_some_and(|one| !one.is_hidden());
        let name = std::iter::once(first.to_owned()).chain(rest.iter().cloned()).collect();
        Setting { name, kind: "variable", is_shown, setters }
    }
}

/// The part of a value to which these steps lead.
fn below(value: &Value, steps: &[String]) -> Option<Value> {
    let step = |value: &Value, step: &String| match value {
        Value::Object(map) => map.get(step).cloned(),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?).cloned(),
        _ => None,
    };
    steps.iter().try_fold(value.clone(), |value, one| step(&value, one))
}

/// A value that is not in the pillar.
fn implicit(level: Level, content: Option<Content>, effect: Effect) -> Setter {
    Setter { level, key: String::new(), path: None, content, effect }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Overrides, read};

    /// The keys that the reader of the pillar names when it refuses one.
    fn known(infrastructure: Value) -> BTreeSet<String> {
        let (_, problems) = read(&infrastructure, "staging", &Overrides::default());
        let listed = problems.iter().find_map(|one| one.message.split_once("unknown key; there are: "));
        let (_, keys) = listed.unwrap_or_else(|| panic!("{problems:?}"));
        keys.split(", ").map(str::to_owned).collect()
    }

    #[test]
    fn every_key_of_the_settings_and_of_a_component_can_be_asked_for() {
        let settings = known(json!({ "settings": { "qqqq": 1 }, "environments": { "staging": {} } }));
        assert_eq!(OF_SETTINGS.map(str::to_owned).into_iter().collect::<BTreeSet<_>>(), settings);
        let web = json!({ "source": "/x", "qqqq": 1 });
        let component = known(json!({ "components": { "web": web }, "environments": { "staging": {} } }));
        // A step and a variable have keys of their own.
        let others = ["salt", "variables", "from_outputs", "secrets"].map(str::to_owned);
        let all: BTreeSet<_> = OF_A_COMPONENT.map(str::to_owned).into_iter().chain(others).collect();
        assert_eq!(all, component);
    }
}
