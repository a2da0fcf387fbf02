//! A Consul server, and the pillar's settings for its locks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::errors::{explain, unusable};
use crate::consul::{ConsulClient, ConsulError, below, read};
use crate::error::{Error, Result};
use crate::model::ConsulLock;

/// How long requests are repeated if Consul does not answer and nothing else sets a limit: Consul may be electing a
/// leader.
pub const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub struct ConsulLocks {
    pub(super) client: Arc<ConsulClient>,
    pub(super) settings: Arc<ConsulLock>,
}

impl ConsulLocks {
    /// Reads the files of `tls`. Sends no request.
    pub fn open(settings: &ConsulLock, token: Option<SecretString>) -> Result<Self> {
        let client = ConsulClient::open(&settings.address, &settings.tls, token);
        let client = client.map_err(|why| unusable(&settings.address, why))?;
        // A renewal that hangs must leave time for the next one.
        let client = client.patient(settings.ttl / 3);
        Ok(Self { client: Arc::new(client), settings: Arc::new(settings.clone()) })
    }

    /// Returns the value that a guard wrote beside its lock's key, if there is one.
    pub async fn read(&self, environment: &str, component: &str, name: &str) -> Result<Option<Vec<u8>>> {
        let key = self.key(environment, component, name);
        let (entry, _) = self.ask(async || read(&self.client, &key, None).await).await?;
        Ok(entry.map(|entry| entry.value))
    }

    /// Returns the values of that name in one environment, by component. A component without the key is left out.
    pub async fn read_all(&self, environment: &str, name: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        let folder = format!("{}/{environment}/", self.settings.prefix);
        let entries = self.ask(async || below(&self.client, &folder).await).await?;
        let values = entries.into_iter().filter_map(|entry| {
            let (component, rest) = entry.key.strip_prefix(&folder)?.split_once('/')?;
            (rest == name).then(|| (component.to_owned(), entry.value))
        });
        Ok(values.collect())
    }

    /// The key of this name for a component.
    pub fn key(&self, environment: &str, component: &str, name: &str) -> String {
        format!("{}/{environment}/{component}/{name}", self.settings.prefix)
    }

    /// Sends a request that may safely be repeated.
    pub(super) async fn ask<T>(
        &self,
        question: impl AsyncFn() -> std::result::Result<T, ConsulError>,
    ) -> Result<T> {
        ConsulClient::patiently(PATIENCE, question).await.map_err(|error| self.explain(&error))
    }

    pub(super) fn explain(&self, error: &ConsulError) -> Error {
        explain(error, &self.client.address, &self.settings.prefix)
    }
}
