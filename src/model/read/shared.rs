//! The settings that stand above every component.

use super::tree::Tree;
use crate::model::PillarPath;

/// Not yet read: a problem in them is said once.
pub(super) struct Shared {
    pub backend: Tree,
    pub policy: Tree,
    pub rollback: Tree,
    pub drift: Tree,
    pub timeouts: Tree,
    pub credentials: Tree,
}

impl Shared {
    /// Of an environment's settings, all levels merged.
    pub fn of(settings: &Tree) -> Self {
        let said = |key: &str| settings.get(key).filter(|tree| !tree.is_null()).cloned();
        Self::by(|key| said(key).unwrap_or_else(|| Tree::empty(settings.path.child(key))))
    }

    /// Nothing stands above what is declared here.
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
