//! The pillar, read: everything that can be said without looking at the modules.

use std::collections::{BTreeMap, BTreeSet};

use super::{Component, Name, Settings};

/// An environment whose modules have not been looked at yet.
#[derive(Clone, Debug)]
pub struct Draft {
    pub environment: Name,
    pub settings: Settings,
    /// Those whose source or step is known, even where other things about them are wrong.
    pub components: BTreeMap<Name, Component>,
    /// All that are named, so that one problem does not bring others.
    pub mentioned: BTreeSet<Name>,
}
