//! A rollback: what a call requests, and the step of one component, from one configuration to another.

use std::collections::BTreeSet;

use crate::model::Name;

/// The arguments of a rollback.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollbackRequest {
    /// A snapshot of the one component. Without it, each component returns to the configuration before the last one.
    pub snapshot_id: Option<String>,
    /// The order in which components are destroyed, dependents first.
    pub order: Option<Vec<Name>>,
    pub preserve_data: bool,
    pub confirmed: bool,
    /// A component that was never different is taken down.
    pub takes_down: bool,
}

/// The configuration that one component returns to, and what must be kept on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollbackTarget {
    /// Digest of the configuration to return to.
    pub configuration: String,
    /// The snapshot that the call names.
    pub snapshot_id: Option<String>,
    /// Addresses that existed with that configuration. None if this is not known.
    pub before: Option<BTreeSet<String>>,
    /// Addresses that a plan of this configuration always changes again.
    pub perpetual_diff: BTreeSet<String>,
    /// The known-good configuration. It stays the known-good one if this rollback fails.
    pub known_good: Option<String>,
    /// Resources that hold data stay, whatever the configuration says.
    pub preserve_data: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackTrigger {
    /// After a failed run.
    Automatic,
    /// A person requested it.
    Requested,
    /// A person requested it, and confirmed that resources may be destroyed. That approves what `needs_approval_for`
    /// lists, but never what `protect` lists.
    Confirmed,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RollbackStep {
    pub target: RollbackTarget,
    pub trigger: RollbackTrigger,
    /// Its outputs that are read by components which are not rolled back yet.
    pub read: BTreeSet<String>,
    /// The outputs that it reads and that this rollback changed: no preview could show its plan, so the confirmation does
    /// not cover what it would destroy.
    pub unforeseen: BTreeSet<String>,
    /// Resources are destroyed only after those components are rolled back.
    pub defers_destroys: bool,
}
