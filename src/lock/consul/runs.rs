//! The request of an environment's last run. The key is `{prefix}/.runs/{environment}`. No environment's name begins
//! with a dot.

use super::service::ConsulLocks;
use crate::consul::{put, read};
use crate::error::Result;

impl ConsulLocks {
    pub async fn run(&self, environment: &str) -> Result<Option<Vec<u8>>> {
        let key = self.run_key(environment);
        let (entry, _) = self.ask(async || read(&self.client, &key, None).await).await?;
        Ok(entry.map(|entry| entry.value))
    }

    /// Needs no fence: the text only says what the run was asked to do, and every component's turn checks the real
    /// state.
    pub async fn put_run(&self, environment: &str, text: Vec<u8>) -> Result<()> {
        let key = self.run_key(environment);
        self.ask(async || put(&self.client, &key, text.clone()).await).await
    }

    fn run_key(&self, environment: &str) -> String {
        format!("{}/.runs/{environment}", self.settings.prefix)
    }
}
