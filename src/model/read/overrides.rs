//! What a call says itself, over what the pillar says.

use serde_json::Value;

use super::tree::{Kind, Tree};
use crate::model::{Name, PillarPath};

/// What a call says itself; it is the most specific level.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub parallelism: Option<Value>,
    pub on_failure: Option<Value>,
    /// Variables of one component.
    pub variables: Option<(Name, Value)>,
    /// References for variables of one component.
    pub secrets: Option<(Name, Value)>,
    /// The backend of one component.
    pub backend: Option<(Name, Value)>,
    /// Keys of one service, by its own name; one that the pillar has not is the call's alone.
    pub service: Option<(Name, Value)>,
}

impl Overrides {
    /// What the call says of one component.
    pub(super) fn of(&self, component: &Name) -> Option<Tree> {
        let given = [("variables", &self.variables), ("secrets", &self.secrets), ("backend", &self.backend)];
        let of_it = given.into_iter().filter_map(|(key, given)| {
            let (name, value) = given.as_ref()?;
            (name == component).then_some((key, value))
        });
        let nothing = Tree::empty(PillarPath::arguments());
        let said = of_it.fold(nothing, |said, (key, value)| with(said, key, value));
        (!said.is_empty()).then_some(said)
    }
}

/// A tree with one more entry, which stands in the call's arguments.
pub(super) fn with(tree: Tree, key: &str, value: &Value) -> Tree {
    let path = PillarPath::arguments().child(key);
    match tree.kind {
        Kind::Map(mut map) => {
            map.insert(key.to_owned(), Tree::new(value, path));
            Tree { kind: Kind::Map(map), ..tree }
        }
        _ => tree,
    }
}
