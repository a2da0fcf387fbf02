//! A lock that spans hosts: a key of Consul's, held by a session that we renew.
//!
//! Knows Consul's sessions, keys and transactions. The key is `{prefix}/{environment}/{component}/lock`,
//! and nothing but its value says who holds it.

mod acquire;
mod claim;
mod client;
mod entry;
mod guard;
mod kv;
mod list;
mod objects;
mod payload;
mod poll;
mod runs;
mod session;
mod standing;
mod trouble;
mod unlock;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

pub use guard::Guard;
pub use list::Held;
pub use standing::{Doubt, Loss, Standing};

use super::Holder;
use crate::error::{Error, Result};
use crate::model::ConsulLock;
use crate::process::Cancel;

/// One Consul, and what the pillar says of its locks.
#[derive(Clone, Debug)]
pub struct Consul {
    client: Arc<client::Client>,
    settings: Arc<ConsulLock>,
}

impl Consul {
    /// Reads the files of `tls`; asks nobody yet.
    pub fn open(settings: &ConsulLock, token: Option<SecretString>) -> Result<Self> {
        let client = client::Client::open(settings, token)?;
        Ok(Self { client: Arc::new(client), settings: Arc::new(settings.clone()) })
    }

    /// Takes the lock of the holder's component, waiting up to `timeout` for whoever has it.
    pub async fn acquire(&self, holder: &Holder, timeout: Duration, cancel: &Cancel) -> Result<Guard> {
        let key = self.key(&holder.environment, &holder.component, "lock");
        let (session, index) = acquire::acquire(self, &key, holder, timeout, cancel).await?;
        Ok(Guard::new(self, key, holder, session, index))
    }

    /// What a [`Guard`] wrote beside its lock, if anything.
    pub async fn read(&self, environment: &str, component: &str, name: &str) -> Result<Option<Vec<u8>>> {
        let key = self.key(environment, component, name);
        let read = kv::read(&self.client, &key, None).await;
        let (entry, _) = read.map_err(|trouble| self.explain(&trouble))?;
        Ok(entry.map(|entry| entry.value))
    }

    /// The same of every component of an environment that has it.
    pub async fn read_all(&self, environment: &str, name: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        let folder = format!("{}/{environment}/", self.settings.prefix);
        let entries = kv::below(&self.client, &folder).await.map_err(|trouble| self.explain(&trouble))?;
        let values = entries.into_iter().filter_map(|entry| {
            let (component, rest) = entry.key.strip_prefix(&folder)?.split_once('/')?;
            (rest == name).then(|| (component.to_owned(), entry.value))
        });
        Ok(values.collect())
    }

    /// Where this is kept of a component.
    pub fn key(&self, environment: &str, component: &str, name: &str) -> String {
        format!("{}/{environment}/{component}/{name}", self.settings.prefix)
    }

    fn explain(&self, trouble: &trouble::Trouble) -> Error {
        trouble.explain(&self.client.address, &self.settings.prefix)
    }
}
