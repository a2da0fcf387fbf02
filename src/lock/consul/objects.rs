//! Objects in Consul that a lock's holder writes for later holders. An object is named by its digest, so it never
//! changes.
//!
//! The key is `{prefix}/.objects/{environment}/{component}/{digest}`. It is outside the folders of locks and records,
//! because these are read as a whole. No environment's name begins with a dot.

use std::collections::BTreeSet;

use super::guard::ConsulLockGuard;
use super::service::ConsulLocks;
use crate::consul::{TransactionStep, keys, put, read};
use crate::error::Result;

/// Operations of one transaction. Consul accepts 64, and two of them check that Eos holds the lock.
const BATCH: usize = 60;

impl ConsulLocks {
    /// None if there is no such object. The caller must verify the digest.
    pub async fn object(&self, environment: &str, component: &str, digest: &str) -> Result<Option<Vec<u8>>> {
        let key = self.folder(environment, component) + digest;
        let (entry, _) = self.ask(async || read(&self.client, &key, None).await).await?;
        Ok(entry.map(|entry| entry.value))
    }

    fn folder(&self, environment: &str, component: &str) -> String {
        format!("{}/.objects/{environment}/{component}/", self.settings.prefix)
    }
}

impl ConsulLockGuard {
    fn folder(&self) -> String {
        self.consul.folder(&self.holder.environment, &self.holder.component)
    }

    /// Returns the digests of all objects of the component.
    pub async fn objects(&self) -> Result<BTreeSet<String>> {
        let folder = self.folder();
        let found = self.consul.ask(async || keys(&self.consul.client, &folder).await).await?;
        Ok(found.iter().filter_map(|key| key.strip_prefix(&folder)).map(str::to_owned).collect())
    }

    /// Needs no fence, because every writer of this key writes the same bytes.
    pub async fn put_object(&self, digest: &str, bytes: Vec<u8>) -> Result<()> {
        let key = self.folder() + digest;
        self.consul.ask(async || put(&self.consul.client, &key, bytes.clone()).await).await
    }

    /// Removes objects only while Eos holds the lock, because another holder may need them.
    pub async fn remove_objects(&self, digests: &[String]) -> Result<()> {
        let folder = self.folder();
        let keys: Vec<_> = digests.iter().map(|digest| format!("{folder}{digest}")).collect();
        for keys in keys.chunks(BATCH) {
            let ops: Vec<_> = keys.iter().map(|key| TransactionStep::Delete { key }).collect();
            self.commit(&ops).await?;
        }
        Ok(())
    }
}
