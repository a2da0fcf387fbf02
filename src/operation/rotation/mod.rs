//! Rotates generated secrets of services: the new value is written before the turns of a run, and the old one is removed
//! when everything that reads the secret is healthy.
//!
//! Knows the values in Vault and the results of the turns. Must not know how a component is deployed or rolled back.
//! Any run that meets a rotation brings it to its end, so one that was killed is not lost.

mod begin;
mod end;
mod notice;
mod owner_lock;

pub use begin::{begin, check};
pub use end::{end, withdraw_failed};
pub use notice::notice;

use crate::model::{VaultPath, previous_key};

/// `vault:mount/path#a, #b`
fn named<'a>(path: &VaultPath, keys: impl Iterator<Item = &'a String>) -> String {
    format!("vault:{path}{}", keys.map(|key| format!("#{key}")).collect::<Vec<_>>().join(", "))
}

fn previous<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    keys.map(|key| previous_key(key)).collect::<Vec<_>>().join(", ")
}
