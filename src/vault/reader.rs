//! The secrets that one turn reads. Each path is read once, and its lease is renewed while the turn lasts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{pending, select_all};
use secrecy::SecretString;
use serde_json::Value;

use super::error::refuse;
use super::renewer::{RenewalTarget, Renewer};
use super::{Vault, read};
use crate::error::{Code, Error, Result};
use crate::model::VaultPath;

/// The secrets of one turn. Another `VaultReader` reads everything again, and so gets other dynamic credentials.
pub struct VaultReader {
    vault: Arc<Vault>,
    /// Locked during a read, so that no path is read twice.
    read: tokio::sync::Mutex<BTreeMap<VaultPath, Arc<VaultSecret>>>,
    leases: Mutex<Vec<Arc<Renewer>>>,
}

/// The keys at one path.
pub struct VaultSecret {
    path: VaultPath,
    values: BTreeMap<String, SecretString>,
    /// The secret has a lease, so it ends with this run.
    pub is_lent: bool,
}

impl VaultSecret {
    /// None if there is no such key, or if its value is null.
    pub fn maybe(&self, key: &str) -> Option<&SecretString> {
        self.values.get(key)
    }

    pub fn key(&self, key: &str) -> Result<&SecretString> {
        self.maybe(key).ok_or_else(|| {
            refuse(
                Code::SecretKeyMissing,
                format!("vault:{} has no key {key:?}", self.path),
                "add it in Vault, or correct the reference",
            )
        })
    }
}

impl VaultReader {
    pub fn of(vault: &Arc<Vault>) -> Self {
        Self { vault: vault.clone(), read: Default::default(), leases: Mutex::default() }
    }

    pub async fn read(&self, path: &VaultPath) -> Result<Arc<VaultSecret>> {
        let mut read = self.read.lock().await;
        if let Some(known) = read.get(path) {
            return Ok(known.clone());
        }
        let secret = self.keep(path, read::read(&self.vault.client, path).await?);
        read.insert(path.clone(), secret.clone());
        Ok(secret)
    }

    /// Reads a path of a key-value store. None if each read of its engine makes a new secret.
    pub async fn stored(&self, path: &VaultPath) -> Result<Option<Arc<VaultSecret>>> {
        let mut read = self.read.lock().await;
        if let Some(known) = read.get(path) {
            return Ok(Some(known.clone()));
        }
        let Some(raw) = read::stored(&self.vault.client, path).await? else { return Ok(None) };
        let secret = self.keep(path, raw);
        read.insert(path.clone(), secret.clone());
        Ok(Some(secret))
    }

    /// Forgets a path, so that the next request reads it again.
    pub async fn forget(&self, path: &VaultPath) {
        self.read.lock().await.remove(path);
    }

    fn keep(&self, path: &VaultPath, raw: read::RawSecret) -> Arc<VaultSecret> {
        let is_lent = raw.lease.is_some();
        if let Some((id, given, renewable)) = raw.lease {
            self.vault.lend(&id, given);
            let renewer = Renewer::over(&self.vault.client, RenewalTarget::Lease(id), given, renewable);
            self.leases().push(Arc::new(renewer));
        }
        let values = raw.values.into_iter().filter_map(|(key, value)| Some((key, text(value)?)));
        Arc::new(VaultSecret { path: path.clone(), values: values.collect(), is_lent })
    }

    /// Fails if a credential of this turn cannot live for `needed`.
    pub async fn must_last(&self, needed: Duration) -> Result<()> {
        for keeper in self.depends_on().await {
            keeper.of(self).must_last(needed).await?;
        }
        Ok(())
    }

    /// The error, if a credential of this turn is about to end.
    pub async fn is_expiring(&self) -> Option<Error> {
        let all = self.depends_on().await;
        all.iter().find_map(|keeper| keeper.of(self).is_expiring()).map(|why| expiring(&why))
    }

    /// Resolves when a credential of this turn is about to end.
    pub async fn expiring(&self) -> Error {
        let all = self.depends_on().await;
        let waiting: Vec<_> = all.iter().map(|keeper| keeper.of(self).expiring().boxed()).collect();
        match waiting.is_empty() {
            true => pending().await,
            false => expiring(&select_all(waiting).await.0),
        }
    }

    /// The leases, and the token that they depend on. A supplied token counts only if there are leases: a plain value
    /// stays valid after the token ends.
    async fn depends_on(&self) -> Vec<LifetimeSource> {
        let leases: Vec<_> = self.leases().iter().cloned().map(LifetimeSource::Lease).collect();
        let used = !self.read.lock().await.is_empty();
        let token = (used && self.vault.token.made) || !leases.is_empty();
        leases.into_iter().chain(token.then_some(LifetimeSource::Token)).collect()
    }

    fn leases(&self) -> MutexGuard<'_, Vec<Arc<Renewer>>> {
        self.leases.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

enum LifetimeSource {
    Lease(Arc<Renewer>),
    Token,
}

impl LifetimeSource {
    fn of<'a>(&'a self, reading: &'a VaultReader) -> &'a Renewer {
        match self {
            Self::Lease(renewer) => renewer,
            Self::Token => &reading.vault.token.keeper,
        }
    }
}

fn expiring(why: &str) -> Error {
    refuse(
        Code::LeaseExpiring,
        format!("{why}: programs that use it have to stop"),
        "check Vault, plan, then run again. Eos never changes the credentials of a running terraform",
    )
}

/// The value as text, because an environment variable is a text.
fn text(value: Value) -> Option<SecretString> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.into()),
        other => Some(other.to_string().into()),
    }
}
