//! The settings that apply to all components.

use super::tree::Tree;
use crate::model::PillarPath;

/// These trees are not parsed yet, so that each problem in them is reported once.
pub(super) struct SharedSettings {
    pub backend: Tree,
    pub policy: Tree,
    pub rollback: Tree,
    pub drift: Tree,
    pub timeouts: Tree,
    pub credentials: Tree,
}

impl SharedSettings {
    /// Takes them from the settings of an environment, with all levels merged.
    pub fn of(settings: &Tree) -> Self {
        let said = |key: &str| settings.get(key).filter(|tree| !tree.is_null()).cloned();
        Self::by(|key| said(key).unwrap_or_else(|| Tree::empty(settings.path.child(key))))
    }

    /// No settings apply above the component: its own declaration is complete.
    pub fn nothing(path: &PillarPath) -> Self {
        Self::by(|key| Tree::empty(path.child(key)))
    }

    fn by(tree: impl Fn(&str) -> Tree) -> Self {
        Self {
            backend: tree("backend"),
            policy: tree("policy"),
            rollback: tree("rollback"),
            drift: tree("drift"),
            timeouts: tree("timeouts"),
            credentials: tree("credentials"),
        }
    }
}
