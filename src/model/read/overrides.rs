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
    /// The overrides of other calls, each of another component. They belong to the same state run.
    pub beside: Vec<Overrides>,
}

impl Overrides {
    /// The overrides of components, each with its key and its component.
    pub(super) fn of_components(&self) -> impl Iterator<Item = (&'static str, &Name, &Value)> {
        self.calls().flat_map(|one| {
            let given = [("variables", &one.variables), ("secrets", &one.secrets), ("backend", &one.backend)];
            given
                .into_iter()
                .filter_map(|(key, given)| given.as_ref().map(|(name, value)| (key, name, value)))
        })
    }

    fn calls(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.beside)
    }

    /// The call's overrides of one component.
    pub(super) fn of(&self, component: &Name) -> Option<Tree> {
        let of_it = self.of_components().filter(|(_, name, _)| *name == component);
        let of_it = of_it.map(|(key, _, value)| (key, value));
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
