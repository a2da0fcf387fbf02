//! Decides what of a component is carried from one environment to another.

use serde_json::{Map, Value};

use crate::model::{EntryKind, SERVICE_MAPS};

/// How an environment stores, reaches and announces a component.
const OF_A_COMPONENT: [&str; 5] = ["backend", "credentials", "enabled", "hooks", "inherit_hooks"];
/// Where a service runs, and how much of it.
const OF_A_SERVICE: [&str; 15] = [
    "consul_name",
    "constraints",
    "cpu",
    "datacenter",
    "datacenters",
    "enabled",
    "hooks",
    "inherit_hooks",
    "memory",
    "memory_max",
    "namespace",
    "node_pool",
    "region",
    "replicas",
    "storage",
];

/// Both environments, as the pillar has them.
pub struct CarriedComponent<'a> {
    pub kind: EntryKind,
    /// The name of the environment that has the values.
    pub environment: &'a str,
    /// What it has.
    pub from: &'a Map<String, Value>,
    /// What the other one has now, without the entry of Eos.
    pub to: &'a Map<String, Value>,
    /// The part of that which the other environment sets itself.
    pub own: &'a Map<String, Value>,
    /// Whether a variable may be secret.
    pub hides: &'a dyn Fn(&str) -> bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carried {
    /// The keys that the other environment gets.
    pub value: Map<String, Value>,
    /// What differs and is not carried.
    pub left: Vec<NotCarried>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCarried {
    /// `replicas`, `variables.size`
    pub path: String,
    pub because: NotCarriedBecause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotCarriedBecause {
    SetThere,
    OfTheEnvironment,
    NamesTheEnvironment,
    MayBeSecret,
}

impl NotCarriedBecause {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::SetThere => "set_there",
            Self::OfTheEnvironment => "of_the_environment",
            Self::NamesTheEnvironment => "names_the_environment",
            Self::MayBeSecret => "may_be_secret",
        }
    }
}

pub fn carried(component: &CarriedComponent<'_>) -> Carried {
    let mut carried = Carried::default();
    for (key, value) in component.from {
        match (SERVICE_MAPS.contains(&key.as_str()), value) {
            (true, Value::Object(entries)) => {
                let there = component.to.get(key);
                for (name, value) in entries {
                    if there.and_then(|there| there.get(name)) == Some(value) {
                        continue;
                    }
                    match component.reason(key, Some(name), value) {
                        Some(because) => carried.left(format!("{key}.{name}"), because),
                        None => carried.value(key)[name.as_str()] = value.clone(),
                    }
                }
            }
            _ if component.to.get(key) == Some(value) => {}
            _ => match component.reason(key, None, value) {
                Some(because) => carried.left(key.clone(), because),
                None => drop(carried.value.insert(key.clone(), value.clone())),
            },
        }
    }
    carried
}

impl Carried {
    fn left(&mut self, path: String, because: NotCarriedBecause) {
        self.left.push(NotCarried { path, because });
    }

    fn value(&mut self, key: &str) -> &mut Value {
        self.value.entry(key.to_owned()).or_insert_with(|| Map::new().into())
    }
}

impl CarriedComponent<'_> {
    /// Why a value is not carried. `name`: that of an entry of one of the maps.
    fn reason(&self, key: &str, name: Option<&str>, value: &Value) -> Option<NotCarriedBecause> {
        let of_environment: &[&str] = match self.kind {
            EntryKind::Service => &OF_A_SERVICE,
            EntryKind::Component => &OF_A_COMPONENT,
        };
        let is_hidden = match name {
            Some(name) => key == "variables" && (self.hides)(name),
            None => has_credentials(key, value),
        };
        if self.sets(key, name) {
            Some(NotCarriedBecause::SetThere)
        } else if of_environment.contains(&key) {
            Some(NotCarriedBecause::OfTheEnvironment)
        } else if names(value, self.environment) {
            Some(NotCarriedBecause::NamesTheEnvironment)
        } else {
            is_hidden.then_some(NotCarriedBecause::MayBeSecret)
        }
    }

    /// Whether the other environment sets it. A variable may be in any of the maps.
    fn sets(&self, key: &str, name: Option<&str>) -> bool {
        let Some(name) = name else { return self.own.contains_key(key) };
        let in_a_map =
            SERVICE_MAPS.iter().any(|map| self.own.get(*map).is_some_and(|map| map.get(name).is_some()));
        in_a_map || (self.kind == EntryKind::Service && self.own.contains_key(name))
    }
}

/// Keys in which people write passwords in clear.
fn has_credentials(key: &str, value: &Value) -> bool {
    let has = |wanted: &str, value: &Value| value.get(wanted).is_some();
    match key {
        "config" => has("auth", value),
        "health" => value.to_string().contains("\"headers\""),
        _ => false,
    }
}

/// Whether a text in the value has this word.
fn names(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => has_word(text, word),
        Value::Array(items) => items.iter().any(|item| names(item, word)),
        Value::Object(map) => map.iter().any(|(key, value)| has_word(key, word) || names(value, word)),
        _ => false,
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        !is_inside(before.chars().next_back()) && !is_inside(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(kind: EntryKind, from: Value, to: Value, own: Value) -> Carried {
        let [from, to, own] = [from, to, own].map(|one| one.as_object().unwrap().clone());
        let hides = |name: &str| name == "password";
        carried(&CarriedComponent {
            kind,
            environment: "staging",
            from: &from,
            to: &to,
            own: &own,
            hides: &hides,
        })
    }

    #[test]
    fn what_differs_is_carried_and_what_the_other_environment_decides_is_named() {
        use NotCarriedBecause::{MayBeSecret, NamesTheEnvironment, OfTheEnvironment, SetThere};
        let from = json!({
            "image": "web:2", "port": 80, "replicas": 1, "config": { "auth": { "password": "x" } },
            "env": { "SIZE": "2", "HOST": "db.staging.example.com", "MODE": "fast" },
            "secrets": { "TOKEN": { "generate": "hex" }, "KEY": "vault:kv/staging/web#key" },
        });
        let to = json!({ "image": "web:1", "port": 80, "replicas": 3, "env": { "SIZE": "9" } });
        let carried = all(EntryKind::Service, from, to, json!({ "replicas": 3, "env": { "SIZE": "9" } }));
        let value = json!({
            "image": "web:2", "env": { "MODE": "fast" }, "secrets": { "TOKEN": { "generate": "hex" } },
        });
        assert_eq!(Value::from(carried.value), value);
        let mut left: Vec<_> = carried.left.iter().map(|one| (one.path.as_str(), one.because)).collect();
        left.sort();
        let expected = [
            ("config", MayBeSecret),
            ("env.HOST", NamesTheEnvironment),
            ("env.SIZE", SetThere),
            ("replicas", SetThere),
            ("secrets.KEY", NamesTheEnvironment),
        ];
        assert_eq!(left, expected);

        let from = json!({
            "source": "salt://web", "backend": { "type": "s3" }, "enabled": false,
            "variables": { "size": 2, "password": "x", "url": 1 },
        });
        let own = json!({ "from_outputs": { "url": "net.url" } });
        let carried = all(EntryKind::Component, from, json!({}), own);
        assert_eq!(Value::from(carried.value), json!({ "source": "salt://web", "variables": { "size": 2 } }));
        let reasons: Vec<_> = carried.left.iter().map(|one| (one.path.as_str(), one.because)).collect();
        let expected = [
            ("backend", OfTheEnvironment),
            ("enabled", OfTheEnvironment),
            ("variables.password", MayBeSecret),
            ("variables.url", SetThere),
        ];
        assert_eq!(reasons, expected);
    }

    #[test]
    fn an_environment_is_named_only_by_a_whole_word() {
        for (text, is_named) in [
            ("staging", true),
            ("db-staging.example", true),
            ("vault:kv/staging#x", true),
            ("upstaging", false),
            ("staging2", false),
            ("", false),
        ] {
            assert_eq!(names(&json!({ "a": [text] }), "staging"), is_named, "{text}");
        }
    }
}
