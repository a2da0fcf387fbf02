//! The values that a call overrides.

use serde_json::Value;

use super::tree::{Tree, TreeKind};
use crate::model::{Name, PillarPath};

/// Values in the arguments of the call. They are the most specific level.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub parallelism: Option<Value>,
    pub on_failure: Option<Value>,
    /// Variables of one component.
    pub variables: Option<(Name, Value)>,
    /// References to secrets, for variables of one component.
    pub secrets: Option<(Name, Value)>,
    /// The backend of one component.
    pub backend: Option<(Name, Value)>,
    /// Keys of one service, by the name of the service. If the pillar has no such service, this call alone defines it.
    pub service: Option<(Name, Value)>,
}

impl Overrides {
    /// The call's overrides of one component.
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

/// Adds an entry to a tree. The path of the entry is in the arguments of the call.
pub(super) fn with(tree: Tree, key: &str, value: &Value) -> Tree {
    let path = PillarPath::arguments().child(key);
    match tree.kind {
        TreeKind::Map(mut map) => {
            map.insert(key.to_owned(), Tree::new(value, path));
            Tree { kind: TreeKind::Map(map), ..tree }
        }
        _ => tree,
    }
}
