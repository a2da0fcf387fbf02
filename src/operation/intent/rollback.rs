//! The way back of components: what a call asks for, and one component's way, from where to where, and in which manner.

use std::collections::BTreeSet;

use crate::model::Name;

/// What the arguments of a rollback say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollbackRequest {
    /// Of the one component. Without it, each component returns to what was applied before.
    pub snapshot_id: Option<String>,
    /// The order in which components are destroyed, dependents first.
    pub order: Option<Vec<Name>>,
    pub preserve_data: bool,
    pub confirmed: bool,
}

/// From where to where one component goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollbackTarget {
    /// Digest of the configuration that it goes back to.
    pub configuration: String,
    /// Addresses that were there then.
    pub before: BTreeSet<String>,
    /// Addresses that this configuration never comes clean of.
    pub perpetual_diff: BTreeSet<String>,
    /// What is known to be good stays that, should this way not lead there.
    pub known_good: Option<String>,
    /// Types and addresses that stay, whatever the configuration says.
    pub data: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackTrigger {
    /// After a run that failed.
    Automatic,
    /// A person asked for it.
    Requested,
    /// The same, and said that things may be destroyed: that stands for `needs_approval_for`, never for `protect`.
    Confirmed,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RollbackStep {
    pub target: RollbackTarget,
    pub trigger: RollbackTrigger,
    /// Its outputs that components read which are not back yet.
    pub read: BTreeSet<String>,
    /// What is destroyed waits until those are back.
    pub defers_destroys: bool,
}
