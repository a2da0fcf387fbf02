//! The result of reading the pillar, before the modules are read.

use std::collections::{BTreeMap, BTreeSet};

use super::{Component, Name, Settings};

/// An environment whose modules have not been read yet.
#[derive(Clone, Debug)]
pub struct Draft {
    pub environment: Name,
    pub settings: Settings,
    /// Components with a known source or step, even if other parts of them are wrong.
    pub components: BTreeMap<Name, Component>,
    /// All names that the pillar mentions. With them, one problem does not cause others.
    pub mentioned: BTreeSet<Name>,
}
