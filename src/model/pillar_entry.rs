//! An entry of the pillar that Eos owns: one service of one environment, in a file of its own.

use serde_json::{Map, Value};

use super::Name;

/// The SLS that includes all entries.
pub const ENTRIES: &str = "infrastructure.eos";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PillarEntry {
    pub environment: Name,
    pub service: Name,
}

impl PillarEntry {
    /// Its file, below the folder of all entries.
    pub fn file(&self) -> String {
        format!("{}/{}.sls", self.environment, self.service)
    }

    pub fn sls(&self) -> String {
        format!("{ENTRIES}.{}.{}", self.environment, self.service)
    }

    pub fn of_sls(sls: &str) -> Option<Self> {
        let (environment, service) = sls.strip_prefix(ENTRIES)?.strip_prefix('.')?.split_once('.')?;
        Some(Self { environment: Name::new(environment).ok()?, service: Name::new(service).ok()? })
    }

    /// What `infrastructure` has at the place of this entry.
    pub fn find<'a>(&self, infrastructure: &'a Value) -> Option<&'a Value> {
        let environment = infrastructure.get("environments")?.get(self.environment.as_str())?;
        environment.get("services")?.get(self.service.as_str())
    }

    /// The same `infrastructure` with this service.
    pub fn put(&self, infrastructure: &Value, service: &Map<String, Value>) -> Value {
        let mut with = infrastructure.clone();
        let path = ["environments", self.environment.as_str(), "services"];
        let services = path.into_iter().fold(&mut with, inner);
        *inner(services, self.service.as_str()) = service.clone().into();
        with
    }

    /// The same `infrastructure` without this service.
    pub fn take(&self, infrastructure: &Value) -> Value {
        let mut without = infrastructure.clone();
        let environment =
            without.get_mut("environments").and_then(|all| all.get_mut(self.environment.as_str()));
        let services = environment.and_then(|one| one.get_mut("services")).and_then(Value::as_object_mut);
        services.and_then(|services| services.remove(self.service.as_str()));
        without
    }
}

/// Whether both mean the same. An environment may be null or empty, and so may be its services.
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
        let is_empty = |services: &Value| services.as_object().is_some_and(Map::is_empty);
        if environment.get("services").is_some_and(is_empty) {
            environment.as_object_mut().and_then(|environment| environment.remove("services"));
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
        PillarEntry { environment: Name::new("staging").unwrap(), service: Name::new("web").unwrap() }
    }

    #[test]
    fn a_name_in_the_list_is_read_back_and_another_text_is_no_entry() {
        assert_eq!(PillarEntry::of_sls(&entry().sls()), Some(entry()));
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
}
