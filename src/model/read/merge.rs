//! Merges levels. The more specific level wins.

use std::collections::BTreeMap;

use super::tree::{Tree, TreeKind};
use crate::model::service::ServiceVariable;

/// The keys under which a component's variables are set.
pub(super) const VARIABLE_MAPS: [&str; 3] = ["variables", "from_outputs", "secrets"];

/// Merges mappings recursively and replaces all other values. A mapping with another `type` is replaced as a whole.
pub(super) fn deep(base: Tree, over: Tree) -> Tree {
    if says_nothing(&base, &over) {
        return base;
    }
    let (TreeKind::Map(mut merged), TreeKind::Map(specific)) = (base.kind, over.kind.clone()) else {
        return over;
    };
    let kind = |map: &BTreeMap<String, Tree>| map.get("type").and_then(|tree| tree.text().map(str::to_owned));
    if kind(&specific).is_some_and(|over| kind(&merged).is_some_and(|base| base != over)) {
        return over;
    }
    for (key, value) in specific {
        let value = match merged.remove(&key) {
            Some(base) => deep(base, value),
            None => value,
        };
        merged.insert(key, value);
    }
    Tree { path: over.path, kind: TreeKind::Map(merged) }
}

/// Merges two levels of one component. If the more specific level sets a variable in any way, it replaces the variable
/// completely.
pub(super) fn component(base: Tree, over: Tree) -> Tree {
    if says_nothing(&base, &over) {
        return base;
    }
    let (TreeKind::Map(mut merged), TreeKind::Map(specific)) = (base.kind, over.kind.clone()) else {
        return over;
    };
    let set: Vec<String> = VARIABLE_MAPS.iter().filter_map(|key| specific.get(*key)).flat_map(keys).collect();
    for key in VARIABLE_MAPS {
        if let Some(Tree { kind: TreeKind::Map(map), .. }) = merged.get_mut(key) {
            map.retain(|name, _| !set.contains(name));
        }
    }
    for (key, value) in specific {
        let value = match (merged.remove(&key), VARIABLE_MAPS.contains(&key.as_str())) {
            (None, _) => value,
            (Some(base), true) => whole_values(base, value),
            (Some(base), false) => deep(base, value),
        };
        merged.insert(key, value);
    }
    Tree { path: over.path, kind: TreeKind::Map(merged) }
}

/// Pairs of keys that exclude each other in a service. A more specific level may choose the other key.
const EITHER: [(&[&str], &[&str]); 4] = [
    (&["image"], &["command", "args"]),
    (&["datacenter"], &["datacenters"]),
    (&["health_path"], &["check"]),
    (&["port"], &["ports"]),
];

/// Merges two levels of one service, by the rules for components. In addition, one level may set as a value what the
/// other level takes from an output.
pub(super) fn service(mut base: Tree, over: Tree) -> Tree {
    let knobs = |keys: Vec<String>| -> Vec<String> {
        keys.into_iter()
            .filter(|key| {
                ServiceVariable::ALL.iter().any(|variable| variable.name() == key) || key == "datacenter"
            })
            .collect()
    };
    let (said, fed) = (keys(&over), keys_below(&over, "from_outputs"));
    let env = keys_below(&over, "env");
    let secrets = keys_below(&over, "secrets");
    if let TreeKind::Map(map) = &mut base.kind {
        // If `port` is a text, it names one item of `ports`. Then both are kept.
        let names_one = |tree: Option<&Tree>| tree.is_some_and(|tree| tree.text().is_some());
        let named = names_one(map.get("port")) || names_one(over.get("port"));
        let says = |keys: &[&str]| keys.iter().any(|key| said.iter().chain(&fed).any(|said| said == key));
        for (one, other) in EITHER.into_iter().filter(|(one, _)| !(named && one == &["port"])) {
            match (says(one), says(other)) {
                (true, false) => forget(map, other),
                (false, true) => forget(map, one),
                _ => {}
            }
        }
        storage(map, &over, &fed);
        let (fed_knobs, said_knobs) = (knobs(fed.clone()), knobs(said));
        map.retain(|key, _| !fed_knobs.contains(key));
        if let Some(Tree { kind: TreeKind::Map(base), .. }) = map.get_mut("env") {
            base.retain(|name, _| !fed.contains(name) && !secrets.contains(name));
        }
        if let Some(Tree { kind: TreeKind::Map(base), .. }) = map.get_mut("from_outputs") {
            base.retain(|name, _| !said_knobs.contains(name) && !env.contains(name));
        }
        if let Some(Tree { kind: TreeKind::Map(base), .. }) = map.get_mut("secrets") {
            base.retain(|name, _| !env.contains(name));
        }
    }
    let parts = match (&base.kind, over.get("job")) {
        (TreeKind::Map(map), Some(over)) => map.get("job").map(|base| parts(base.clone(), over.clone())),
        _ => None,
    };
    let mut merged = component(base, over);
    if let (TreeKind::Map(map), Some(parts)) = (&mut merged.kind, parts) {
        map.insert("job".to_owned(), parts);
    }
    merged
}

/// Merges two levels of a service's `job`. In a job, null removes, and `name!` replaces: the more specific level has the
/// last word about a name.
fn parts(base: Tree, over: Tree) -> Tree {
    let (TreeKind::Map(mut merged), TreeKind::Map(specific)) = (base.kind, over.kind.clone()) else {
        return over;
    };
    for (key, value) in specific {
        let other = match key.strip_suffix('!') {
            Some(name) => name.to_owned(),
            None => format!("{key}!"),
        };
        let removed = merged.remove(&other);
        let base = merged.remove(&key);
        // A null has removed what the other level says: the generated job need not have it.
        let is_done = value.is_null() && removed.iter().chain(&base).any(|base| !base.is_null());
        let (key, value) = match base {
            _ if is_done && !key.ends_with('!') => (other, value),
            Some(base) if !key.ends_with('!') => (key, parts(base, value)),
            _ => (key, value),
        };
        merged.insert(key, value);
    }
    Tree { path: over.path, kind: TreeKind::Map(merged) }
}

/// A storage class and a named folder exclude each other.
fn storage(map: &mut BTreeMap<String, Tree>, over: &Tree, fed: &[String]) {
    let folder = over.get("data_path");
    let names_one = fed.iter().any(|key| key == "data_path")
        || folder.is_some_and(|tree| tree.text().is_some() || tree.get("source").is_some());
    if over.get("storage").is_some_and(|tree| !tree.is_null()) {
        if let Some(Tree { kind: TreeKind::Map(data), .. }) = map.get_mut("data_path") {
            data.remove("source");
        }
    } else if names_one {
        map.remove("storage");
    }
}

/// Removes the keys, both as values and in `from_outputs`.
fn forget(map: &mut BTreeMap<String, Tree>, keys: &[&str]) {
    map.retain(|key, _| !keys.contains(&key.as_str()));
    if let Some(Tree { kind: TreeKind::Map(outputs), .. }) = map.get_mut("from_outputs") {
        outputs.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

/// The value of a variable is replaced as a whole: only the module knows its structure.
fn whole_values(base: Tree, over: Tree) -> Tree {
    if says_nothing(&base, &over) {
        return base;
    }
    match (base.kind, over.kind) {
        (TreeKind::Map(mut merged), TreeKind::Map(specific)) => {
            merged.extend(specific);
            Tree { path: over.path, kind: TreeKind::Map(merged) }
        }
        (_, kind) => Tree { path: over.path, kind },
    }
}

/// Whether `over` is an empty mapping over a mapping. An empty mapping removes nothing; YAML writes it as null.
fn says_nothing(base: &Tree, over: &Tree) -> bool {
    let empty = match &over.kind {
        TreeKind::Leaf(value) => value.is_null(),
        TreeKind::List(_) => false,
        TreeKind::Map(map) => map.is_empty(),
    };
    empty && matches!(base.kind, TreeKind::Map(_))
}

fn keys_below(tree: &Tree, key: &str) -> Vec<String> {
    tree.get(key).map(keys).unwrap_or_default()
}

fn keys(tree: &Tree) -> Vec<String> {
    match &tree.kind {
        TreeKind::Map(map) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::tree::Tree;
    use super::deep;
    use crate::model::PillarPath;

    fn json() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(json!(1)), Just(json!("x")), Just(json!(true)), Just(json!([1, { "a": 2 }]))];
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop::collection::btree_map("[a-d]|type", inner, 0..4).prop_map(|map| map.into_iter().collect())
        })
    }

    fn merged(base: &Value, over: &Value) -> Value {
        let tree = |value| Tree::new(value, PillarPath::root());
        deep(tree(base), tree(over)).to_value()
    }

    proptest! {
        #[test]
        fn merging_a_level_with_itself_or_with_nothing_changes_nothing(level in json()) {
            prop_assert_eq!(merged(&level, &level), level.clone());
            prop_assert_eq!(merged(&json!({}), &level), level.clone());
            if level.is_object() {
                prop_assert_eq!(merged(&level, &json!({})), level);
            }
        }

        #[test]
        fn the_specific_level_wins_and_merging_it_twice_changes_nothing(
            base in json(), over in json(),
        ) {
            let once = merged(&base, &over);
            prop_assert_eq!(merged(&once, &over), once.clone());
            if let (Value::Object(over), Value::Object(once)) = (&over, &once) {
                for (key, value) in over {
                    prop_assert!(value.is_object() || once.get(key) == Some(value));
                }
            }
        }
    }
}
