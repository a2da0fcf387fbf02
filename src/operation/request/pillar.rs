//! A pillar, whole or read in parts.

use serde_json::Value;

/// A pillar that is read in parts: most of it is about others.
pub trait Pillar {
    fn has(&self, keys: &[&str]) -> bool;
    /// Null where there is nothing, or what is no JSON.
    fn part(&self, keys: &[&str]) -> Value;
    /// The keys of a mapping; None where there is none.
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
