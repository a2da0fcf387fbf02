//! One variable or key with all that set it, as a report shows it.

use serde_json::{Map, Value, json};

use super::sources::Origins;
use crate::model::{Content, Effect, Setter};

/// A task's environment is public: everybody who may inspect a job can read it.
pub(super) const PUBLIC: &str = "env";

/// The key and the value of a content in a report. References and names of outputs are always shown.
pub(super) fn shown_content(content: &Content, is_shown: bool) -> (&'static str, Value) {
    match content {
        Content::Value(value) if is_shown => ("value", value.clone()),
        Content::Value(_) | Content::Unknown => ("hidden", true.into()),
        Content::Outputs(outputs) => ("outputs", json!(outputs)),
        Content::Secret(reference) => ("secret", reference.as_str().into()),
        Content::Generated => ("generated", true.into()),
    }
}

pub(super) struct Setting {
    /// The name, and the steps below it.
    pub name: Vec<String>,
    pub kind: &'static str,
    /// Whether its values may be shown. References and names of outputs always are.
    pub is_shown: bool,
    /// The most specific first.
    pub setters: Vec<Setter>,
}

impl Setting {
    pub fn shown(&self, origins: &Origins) -> Value {
        let levels: Vec<Value> = self.setters.iter().map(|setter| self.level(setter, origins)).collect();
        json!({ "name": self.name.join("."), "kind": self.kind, "levels": levels })
    }

    fn level(&self, setter: &Setter, origins: &Origins) -> Value {
        // A default of Eos is no secret.
        let is_default = self.kind == "key" && setter.path.is_none();
        let is_shown = self.is_shown || is_default || setter.key == PUBLIC;
        let mut shown = Map::new();
        shown.insert("level".to_owned(), setter.level.word().into());
        shown.insert("effect".to_owned(), setter.effect.word().into());
        if let (Effect::Part(parts), true) = (&setter.effect, is_shown || self.kind == "key") {
            shown.insert("parts".to_owned(), json!(parts));
        }
        if let Some(path) = &setter.path {
            shown.insert("path".to_owned(), json!(path));
        }
        let (key, value) = match &setter.content {
            Some(content) => shown_content(content, is_shown),
            // An implicit value has no text, and is not in the pillar.
            None if setter.path.is_none() => ("in_pillar", false.into()),
            None => ("absent", true.into()),
        };
        shown.insert(key.to_owned(), value);
        if let Some(origin) = origins.of(setter) {
            let mut sources = json!(origin.sources);
            for source in
                sources.as_array_mut().into_iter().flatten().filter(|_| !is_shown && self.kind != "key")
            {
                source.as_object_mut().map(|source| source.remove("keys"));
            }
            shown.insert("sources".to_owned(), sources);
            if let Some(unknown) = &origin.unknown {
                shown.insert("unknown".to_owned(), unknown.as_str().into());
            }
        }
        shown.into()
    }
}
