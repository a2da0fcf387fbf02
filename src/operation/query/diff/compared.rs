//! Compares what two environments use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::{Draft, Level, Name, Source, service_name};
use crate::operation::query::why::UsedValue;

type Values = BTreeMap<(&'static str, String), UsedValue>;

/// One environment, and what it uses for one component. None if it does not have the component.
pub(super) struct Side<'a> {
    pub draft: &'a Draft,
    pub values: Option<Values>,
}

/// What a component is made from. It is said first, and also of a component that only one environment has.
const FIRST: [&str; 6] = ["source", "template", "image", "command", "args", "version"];

/// None if both environments use the same.
pub(super) fn component(name: &Name, [from, to]: [Side<'_>; 2]) -> Option<Value> {
    let is_service = [from.draft, to.draft].iter().any(|draft| {
        let component = draft.components.get(name);
        component.is_some_and(|component| matches!(component.source, Some(Source::Service(_))))
    });
    let service = service_name(name.as_str()).filter(|_| is_service);
    let named = |key: &str, value: Value| json!({ "name": name, "service": service, key: value });
    let (side, values) = match (&from.values, &to.values) {
        (Some(from), Some(to)) => {
            let mut differences = differences(from, to);
            // Those of the settings are said once.
            differences.retain(|one| one["by"] != "settings");
            return (!differences.is_empty()).then(|| named("differences", differences.into()));
        }
        (Some(values), None) => (&from, values),
        (None, Some(values)) => (&to, values),
        (None, None) => return None,
    };
    let mut only = named("only", side.draft.environment.as_str().into());
    only["what"] = what(values).into();
    Some(only)
}

/// What a component of one environment is made from.
fn what(values: &Values) -> Vec<Value> {
    let first = values.iter().filter(|((_, name), _)| place(name) < FIRST.len());
    let mut first: Vec<_> = first.collect();
    first.sort_by_key(|((_, name), _)| place(name));
    first.into_iter().map(|((_, name), value)| json!({ "name": name, "value": value.shown() })).collect()
}

/// The values that differ: what a component is made from first, then by name.
pub(super) fn differences(from: &Values, to: &Values) -> Vec<Value> {
    let names: BTreeSet<_> = from.keys().chain(to.keys()).collect();
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by_key(|(kind, name)| (place(name), name.clone(), *kind));
    let one = |key: &(&'static str, String)| {
        let sides = [from.get(key), to.get(key)];
        if let [Some(from), Some(to)] = sides
            && from.is_same(to)
        {
            return None;
        }
        // The name of the environment, and what follows from it.
        if sides.into_iter().flatten().all(|value| value.level == Level::Standard) {
            return None;
        }
        let [from, to] = sides.map(|side| side.map(UsedValue::shown));
        Some(json!({ "kind": key.0, "name": key.1, "by": by(sides), "from": from, "to": to }))
    };
    names.into_iter().filter_map(one).collect()
}

/// Who makes the difference: the words of the pillar about this component, the settings, or a default that depends on
/// the environment.
fn by(sides: [Option<&UsedValue>; 2]) -> &'static str {
    let levels = || sides.into_iter().flatten().map(|value| value.level);
    let is_default = |level: Level| {
        matches!(
            level,
            Level::Profile | Level::Standard | Level::ModuleFile | Level::ModuleDefault | Level::Default
        )
    };
    let is_settings =
        |level: Level| matches!(level, Level::EnvironmentSettings | Level::Settings | Level::SaltOption);
    if levels().all(is_default) {
        "default"
    } else if levels().all(|level| is_default(level) || is_settings(level)) {
        "settings"
    } else {
        "pillar"
    }
}

fn place(name: &str) -> usize {
    FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len())
}
