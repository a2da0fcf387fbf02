//! An entry of the pillar that Eos owns: one service or component of one environment, in a file of its own.

use serde_json::{Map, Value};

use super::{Name, component_name};

/// The SLS that includes all entries.
pub const ENTRIES: &str = "infrastructure.eos";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PillarEntry {
    pub environment: Name,
    pub kind: EntryKind,
    pub name: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    Service,
    Component,
}

impl EntryKind {
    /// The key of an environment that has such entries.
    pub fn key(self) -> &'static str {
        match self {
            Self::Service => "services",
            Self::Component => "components",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Component => "component",
        }
    }
}

impl PillarEntry {
    pub fn service(environment: Name, name: Name) -> Self {
        Self { environment, kind: EntryKind::Service, name }
    }

    /// The parts of its path below the list of all entries. A service needs no folder of its own: no name has a dot.
    fn parts(&self) -> Vec<&str> {
        let (environment, name) = (self.environment.as_str(), self.name.as_str());
        match self.kind {
            EntryKind::Service => vec![environment, name],
            EntryKind::Component => vec![environment, self.kind.key(), name],
        }
    }

    /// Its file, below the folder of all entries.
    pub fn file(&self) -> String {
        format!("{}.sls", self.parts().join("/"))
    }

    pub fn sls(&self) -> String {
        format!("{ENTRIES}.{}", self.parts().join("."))
    }

    pub fn of_sls(sls: &str) -> Option<Self> {
        let parts: Vec<&str> = sls.strip_prefix(ENTRIES)?.strip_prefix('.')?.split('.').collect();
        let (environment, kind, name) = match parts[..] {
            [environment, name] => (environment, EntryKind::Service, name),
            [environment, key, name] if key == EntryKind::Component.key() => {
                (environment, EntryKind::Component, name)
            }
            _ => return None,
        };
        Some(Self { environment: Name::new(environment).ok()?, kind, name: Name::new(name).ok()? })
    }

    /// The component that it describes. A service becomes a component of another name, which may be too long.
    pub fn component(&self) -> Result<Name, String> {
        match self.kind {
            EntryKind::Service => Name::new(&component_name(self.name.as_str())),
            EntryKind::Component => Ok(self.name.clone()),
        }
    }

    /// The same. The name alone if there is no such component: then nothing has this name.
    pub fn component_or_name(&self) -> Name {
        self.component().unwrap_or_else(|_| self.name.clone())
    }

    /// What `infrastructure` has at the place of this entry.
    pub fn find<'a>(&self, infrastructure: &'a Value) -> Option<&'a Value> {
        let environment = infrastructure.get("environments")?.get(self.environment.as_str())?;
        environment.get(self.kind.key())?.get(self.name.as_str())
    }

    /// The same `infrastructure` with this value in the place of what it has there.
    pub fn put(&self, infrastructure: &Value, value: &Map<String, Value>) -> Value {
        let mut with = infrastructure.clone();
        *self.place(&mut with) = value.clone().into();
        with
    }

    /// The same `infrastructure` with the keys of this value beside those that it has there.
    pub fn lay(&self, infrastructure: &Value, value: &Map<String, Value>) -> Value {
        let mut with = infrastructure.clone();
        merge(self.place(&mut with), &value.clone().into());
        with
    }

    /// The same `infrastructure` without this entry.
    pub fn take(&self, infrastructure: &Value) -> Value {
        let mut without = infrastructure.clone();
        let environment =
            without.get_mut("environments").and_then(|all| all.get_mut(self.environment.as_str()));
        let entries = environment.and_then(|one| one.get_mut(self.kind.key())).and_then(Value::as_object_mut);
        entries.and_then(|entries| entries.remove(self.name.as_str()));
        without
    }

    fn place<'a>(&self, infrastructure: &'a mut Value) -> &'a mut Value {
        let path = ["environments", self.environment.as_str(), self.kind.key(), self.name.as_str()];
        path.into_iter().fold(infrastructure, inner)
    }
}

/// As Salt merges two files that set no value twice.
fn merge(into: &mut Value, value: &Value) {
    match value {
        Value::Object(map) if into.is_object() => {
            map.iter().for_each(|(key, value)| merge(&mut into[key.as_str()], value));
        }
        value => *into = value.clone(),
    }
}

/// Whether both mean the same. An environment may be null or empty, and so may be its services and components.
pub fn is_same(one: &Value, other: &Value) -> bool {
    normal(one) == normal(other)
}

fn normal(infrastructure: &Value) -> Value {
    let mut normal = infrastructure.clone();
    let environments = normal.get_mut("environments").and_then(Value::as_object_mut);
    for environment in environments.into_iter().flat_map(Map::values_mut) {
        if environment.is_null() {
            *environment = Map::new().into();
        }
        let is_empty = |entries: &Value| entries.as_object().is_some_and(Map::is_empty);
        for kind in [EntryKind::Service, EntryKind::Component] {
            if environment.get(kind.key()).is_some_and(is_empty) {
                environment.as_object_mut().and_then(|environment| environment.remove(kind.key()));
            }
        }
    }
    normal
}

/// A value that is no mapping, such as null, becomes one.
fn inner<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Map::new().into();
    }
    &mut value[key]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry() -> PillarEntry {
        PillarEntry::service(Name::new("staging").unwrap(), Name::new("web").unwrap())
    }

    #[test]
    fn a_name_in_the_list_is_read_back_and_another_text_is_no_entry() {
        let component = PillarEntry { kind: EntryKind::Component, ..entry() };
        assert_eq!(component.file(), "staging/components/web.sls");
        for one in [entry(), component] {
            assert_eq!(PillarEntry::of_sls(&one.sls()), Some(one));
        }
        for other in
            ["infrastructure.eos", "infrastructure.eos.staging", "infrastructure.eos.a.b.c", "other.a.b"]
        {
            assert_eq!(PillarEntry::of_sls(other), None, "{other}");
        }
    }

    #[test]
    fn an_entry_that_was_put_is_found_and_nothing_of_it_is_left_after_it_was_taken() {
        let service = json!({ "image": "x:1" });
        let more =
            json!({ "components": { "a": {} }, "environments": { "staging": { "services": { "b": {} } } } });
        for before in [
            json!({ "environments": { "staging": null } }),
            json!({ "environments": { "staging": {} } }),
            more,
        ] {
            let with = entry().put(&before, service.as_object().unwrap());
            assert_eq!(entry().find(&with), Some(&service));
            assert!(!is_same(&with, &before));
            assert!(is_same(&entry().take(&with), &before), "{before}");
        }
    }

    #[test]
    fn the_keys_of_an_entry_stand_beside_those_that_another_file_sets() {
        let own = json!({ "variables": { "size": 2 }, "enabled": true });
        let component = PillarEntry { kind: EntryKind::Component, ..entry() };
        let before = component.put(&json!({ "settings": {} }), own.as_object().unwrap());
        let entry = json!({ "variables": { "version": "2" }, "source": "salt://web" });
        let with = component.lay(&before, entry.as_object().unwrap());
        let merged =
            json!({ "variables": { "size": 2, "version": "2" }, "enabled": true, "source": "salt://web" });
        assert_eq!(component.find(&with), Some(&merged));
    }
}
