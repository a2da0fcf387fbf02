//! What an environment's last run was to do: `{prefix}/.runs/{environment}`. No environment's name begins with a dot.

use super::{Consul, kv};
use crate::error::Result;

impl Consul {
    pub async fn run(&self, environment: &str) -> Result<Option<Vec<u8>>> {
        let read = kv::read(&self.client, &self.run_key(environment), None).await;
        let (entry, _) = read.map_err(|trouble| self.explain(&trouble))?;
        Ok(entry.map(|entry| entry.value))
    }

    /// Needs no fence: it says what was asked for, and every component's turn looks for itself what is there.
    pub async fn put_run(&self, environment: &str, text: Vec<u8>) -> Result<()> {
        let put = kv::put(&self.client, &self.run_key(environment), text).await;
        put.map_err(|trouble| self.explain(&trouble))
    }

    fn run_key(&self, environment: &str) -> String {
        format!("{}/.runs/{environment}", self.settings.prefix)
    }
}
