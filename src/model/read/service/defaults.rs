//! Default values of a service. They depend on the name of its environment.

use crate::model::Name;

/// Where the data below `data_path` is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StorageClass {
    /// In the allocation. The data is deleted with the allocation.
    Ephemeral,
    /// On the host.
    Persistent,
    /// In a registered CSI volume.
    Redundant,
}

/// Values for keys that a service does not set, for environments with this name.
pub(super) struct Defaults {
    name: &'static str,
    pub replicas: u64,
    /// MHz.
    pub cpu: u64,
    /// MB.
    pub memory: u64,
    pub storage: StorageClass,
}

const DEFAULTS: [Defaults; 3] = [
    Defaults { name: "development", replicas: 1, cpu: 100, memory: 256, storage: StorageClass::Ephemeral },
    Defaults { name: "staging", replicas: 2, cpu: 200, memory: 512, storage: StorageClass::Persistent },
    Defaults { name: "production", replicas: 3, cpu: 500, memory: 1024, storage: StorageClass::Redundant },
];

/// An environment with another name gets the first defaults.
pub(super) fn defaults(environment: &Name) -> &'static Defaults {
    DEFAULTS.iter().find(|one| one.name == environment.as_str()).unwrap_or(&DEFAULTS[0])
}
