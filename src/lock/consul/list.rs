//! Lists the locks that are held in Consul.

use super::payload;
use super::service::ConsulLocks;
use crate::consul::{KvEntry, below};
use crate::error::Result;
use crate::lock::held::HeldLock;

impl ConsulLocks {
    /// Returns the held locks of one environment or of all, sorted by key.
    pub async fn list(&self, environment: Option<&str>) -> Result<Vec<HeldLock>> {
        let root = format!("{}/", self.settings.prefix);
        let prefix = environment.map_or(root.clone(), |environment| format!("{root}{environment}/"));
        let entries = self.ask(async || below(&self.client, &prefix).await).await?;
        Ok(entries.into_iter().filter_map(|entry| held(&root, entry)).collect())
    }
}

/// Environment and component come from the key, because its value may contain anything.
fn held(root: &str, entry: KvEntry) -> Option<HeldLock> {
    let mut parts = entry.key.strip_prefix(root)?.split('/');
    let (environment, component) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let is_lock = parts.next() == Some("lock") && parts.next().is_none() && entry.is_lock();
    let holder = payload::read(&entry.value);
    let id = entry.session.filter(|_| is_lock)?;
    Some(HeldLock { key: entry.key, environment, component, id, holder })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consul::LOCK_FLAG;

    #[test]
    fn only_held_locks_of_a_component_are_listed() {
        let entry = |key: &str, session: Option<&str>, flags| KvEntry {
            key: key.to_owned(),
            session: session.map(str::to_owned),
            flags,
            ..KvEntry::default()
        };
        let listed = held("a/b/", entry("a/b/staging/net/lock", Some("s"), LOCK_FLAG)).unwrap();
        assert_eq!(
            (listed.environment.as_str(), listed.component.as_str(), listed.id.as_str()),
            ("staging", "net", "s")
        );
        for (key, session, flags) in [
            ("a/b/staging/net/lock", None, LOCK_FLAG),
            ("a/b/staging/net/lock", Some("s"), 0),
            ("a/b/staging/net/record", Some("s"), LOCK_FLAG),
            ("a/b/staging/net/lock/x", Some("s"), LOCK_FLAG),
            ("a/b/staging/lock", Some("s"), LOCK_FLAG),
            ("a/c/staging/net/lock", Some("s"), LOCK_FLAG),
        ] {
            assert_eq!(held("a/b/", entry(key, session, flags)), None, "{key}");
        }
    }
}
