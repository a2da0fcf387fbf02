//! What a service is where it says nothing: by what its environment is called.

use crate::model::Name;

/// Who keeps what a service writes below its `data_path`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The allocation, as long as it is there.
    Ephemeral,
    /// The host.
    Persistent,
    /// A registered CSI volume.
    Redundant,
}

/// Where a service says nothing: by what its environment is called.
pub(super) struct Defaults {
    name: &'static str,
    pub replicas: u64,
    /// MHz.
    pub cpu: u64,
    /// MB.
    pub memory: u64,
    pub storage: Class,
}

const DEFAULTS: [Defaults; 3] = [
    Defaults { name: "development", replicas: 1, cpu: 100, memory: 256, storage: Class::Ephemeral },
    Defaults { name: "staging", replicas: 2, cpu: 200, memory: 512, storage: Class::Persistent },
    Defaults { name: "production", replicas: 3, cpu: 500, memory: 1024, storage: Class::Redundant },
];

/// Any other environment is as the first.
pub(super) fn defaults(environment: &Name) -> &'static Defaults {
    DEFAULTS.iter().find(|one| one.name == environment.as_str()).unwrap_or(&DEFAULTS[0])
}
