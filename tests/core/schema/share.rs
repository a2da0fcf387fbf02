//! Writes parts that are the same at several places only once, below `$defs`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// A shorter part is easier to read at its own place.
const SHORT: usize = 150;

/// The document with references in place of equal parts.
pub fn shared(document: Value) -> Value {
    let mut seen = BTreeMap::new();
    count(&document, &mut seen);
    seen.retain(|text, times| *times > 1 && text.len() > SHORT);
    let taken = document["$defs"].as_object().unwrap().keys().cloned().collect();
    let mut sharing = Sharing { seen, taken, names: BTreeMap::new(), parts: Map::new() };
    let mut document = sharing.replaced(document, "");
    document["$defs"].as_object_mut().unwrap().extend(sharing.parts);
    document
}

/// Counts each schema in a schema.
fn count(schema: &Value, seen: &mut BTreeMap<String, usize>) {
    *seen.entry(schema.to_string()).or_default() += 1;
    inside(schema.clone(), "", &mut |inner, _| {
        count(&inner, seen);
        inner
    });
}

/// Replaces each schema that is directly in a schema. It is called with the key at which the value stands.
fn inside(schema: Value, key: &str, change: &mut impl FnMut(Value, &str) -> Value) -> Value {
    let Value::Object(words) = schema else { return schema };
    let mut one = |(word, rule): (String, Value)| {
        let rule = match (word.as_str(), rule) {
            ("properties" | "$defs", Value::Object(keys)) => keys
                .into_iter()
                .map(|(key, inner)| (key.clone(), change(inner, &key)))
                .collect::<Map<_, _>>()
                .into(),
            ("additionalProperties" | "items", rule) => change(rule, key),
            ("anyOf", Value::Array(all)) => all.into_iter().map(|inner| change(inner, key)).collect(),
            (_, rule) => rule,
        };
        (word, rule)
    };
    words.into_iter().map(&mut one).collect::<Map<_, _>>().into()
}

struct Sharing {
    /// Each schema that is written once, as text.
    seen: BTreeMap<String, usize>,
    /// The names that `$defs` already has.
    taken: BTreeSet<String>,
    /// The name below `$defs`, by the schema as text.
    names: BTreeMap<String, String>,
    parts: Map<String, Value>,
}

impl Sharing {
    fn replaced(&mut self, schema: Value, key: &str) -> Value {
        let text = schema.to_string();
        if !self.names.contains_key(&text) {
            let inner = inside(schema, key, &mut |inner, key| self.replaced(inner, key));
            if !self.seen.contains_key(&text) {
                return inner;
            }
            let numbered = (2..).map(|number| format!("{key}_{number}"));
            let is_free = |name: &String| !self.parts.contains_key(name) && !self.taken.contains(name);
            let name = std::iter::once(key.to_owned()).chain(numbered).find(is_free).unwrap();
            self.parts.insert(name.clone(), inner);
            self.names.insert(text.clone(), name);
        }
        json!({ "$ref": format!("#/$defs/{}", self.names[&text]) })
    }
}
