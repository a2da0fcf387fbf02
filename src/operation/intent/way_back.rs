//! The way back of components: what a call asks for, and one component's way, from where to where, and in which manner.

use std::collections::BTreeSet;

use crate::model::Name;

/// What the arguments of a rollback say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollback {
    /// Of the one component. Without it, each component returns to what was applied before.
    pub snapshot_id: Option<String>,
    /// The order in which components are destroyed, dependents first.
    pub order: Option<Vec<Name>>,
    pub preserve_data: bool,
    pub confirmed: bool,
}

/// From where to where one component goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leg {
    /// Digest of the configuration that it goes back to.
    pub to: String,
    /// Addresses that were there then.
    pub before: BTreeSet<String>,
    /// Addresses that this configuration never comes clean of.
    pub residue: BTreeSet<String>,
    /// What is known to be good stays that, should this way not lead there.
    pub known_good: Option<String>,
    /// Types and addresses that stay, whatever the configuration says.
    pub data: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// After a run that failed.
    OfRun,
    /// A person asked for it.
    Asked,
    /// The same, and said that things may be destroyed: that stands for `needs_approval_for`, never for `protect`.
    Confirmed,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    pub leg: Leg,
    pub manner: Manner,
    /// Its outputs that components read which are not back yet.
    pub read: BTreeSet<String>,
    /// What is destroyed waits until those are back.
    pub waits: bool,
}
