//! What a lock's holder leaves for the next: objects that are named by their digest, and so never change.
//!
//! They stand apart from locks and records, whose folders are read as a whole:
//! `{prefix}/.objects/{environment}/{component}/{digest}`. No environment's name begins with a dot.

use std::collections::BTreeSet;

use super::guard::Guard;
use super::kv::{self, Op};
use super::{Consul, trouble};
use crate::error::Result;

/// Operations of one transaction; Consul takes 64, and two of them ask whether the lock is ours.
const BATCH: usize = 60;

impl Consul {
    /// None where it is not there. Its digest is for the caller to verify.
    pub async fn object(&self, environment: &str, component: &str, digest: &str) -> Result<Option<Vec<u8>>> {
        let key = self.folder(environment, component) + digest;
        let (entry, _) =
            kv::read(&self.client, &key, None).await.map_err(|trouble| self.explain(&trouble))?;
        Ok(entry.map(|entry| entry.value))
    }

    fn folder(&self, environment: &str, component: &str) -> String {
        format!("{}/.objects/{environment}/{component}/", self.settings.prefix)
    }
}

impl Guard {
    fn folder(&self) -> String {
        self.consul.folder(&self.holder.environment, &self.holder.component)
    }

    fn explain(&self, trouble: &trouble::Trouble) -> crate::error::Error {
        self.consul.explain(trouble)
    }

    /// The digests of those that are there.
    pub async fn objects(&self) -> Result<BTreeSet<String>> {
        let folder = self.folder();
        let keys = kv::keys(&self.consul.client, &folder).await.map_err(|trouble| self.explain(&trouble))?;
        Ok(keys.iter().filter_map(|key| key.strip_prefix(&folder)).map(str::to_owned).collect())
    }

    /// Needs no fence: whoever writes to this key writes these bytes.
    pub async fn put_object(&self, digest: &str, bytes: Vec<u8>) -> Result<()> {
        let key = self.folder() + digest;
        kv::put(&self.consul.client, &key, bytes).await.map_err(|trouble| self.explain(&trouble))
    }

    /// Only while the lock is ours: another holder may need them.
    pub async fn remove_objects(&self, digests: &[String]) -> Result<()> {
        let folder = self.folder();
        let keys: Vec<_> = digests.iter().map(|digest| format!("{folder}{digest}")).collect();
        for keys in keys.chunks(BATCH) {
            let ops: Vec<_> = keys.iter().map(|key| Op::Delete { key }).collect();
            self.commit(&ops).await?;
        }
        Ok(())
    }
}
