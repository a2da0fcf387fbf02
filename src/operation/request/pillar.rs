//! A pillar, read whole or in parts.

use serde_json::Value;

/// A pillar that is read in parts: a call needs little of it.
pub trait Pillar {
    fn has(&self, keys: &[&str]) -> bool;
    /// Null if the value does not exist, or is not JSON.
    fn part(&self, keys: &[&str]) -> Value;
    /// The keys of a mapping. None if there is no mapping.
    fn keys(&self, keys: &[&str]) -> Option<Vec<String>>;
}

impl Pillar for Value {
    fn has(&self, keys: &[&str]) -> bool {
        keys.iter().try_fold(self, |value, key| value.get(key)).is_some()
    }

    fn part(&self, keys: &[&str]) -> Value {
        keys.iter().try_fold(self, |value, key| value.get(key)).cloned().unwrap_or_default()
    }

    fn keys(&self, keys: &[&str]) -> Option<Vec<String>> {
        let mapping = keys.iter().try_fold(self, |value, key| value.get(key))?.as_object()?;
        Some(mapping.keys().cloned().collect())
    }
}
