//! Changes the keys at a path of a key-value store, also while others write there.

use serde_json::{Map, Value, json};

use super::Vault;
use super::error::VaultError;
use super::read::{self, SecretsEngine};
use crate::error::{Code, Result};
use crate::model::VaultPath;

/// Attempts, if another client writes first each time.
const ATTEMPTS: usize = 5;

/// What to do with the keys that were read, and the result of that.
pub(super) enum Update<T> {
    Leave(T),
    Write(Map<String, Value>, T),
}

impl Vault {
    /// `update` gets the keys that are there: none if there is nothing at the path. In a versioned store (version 2)
    /// nothing that another client writes meanwhile is lost. Version 1 has no conditional write: there the later write
    /// wins.
    pub(super) async fn update<T>(
        &self,
        path: &VaultPath,
        mut update: impl FnMut(Map<String, Value>) -> Result<Update<T>>,
    ) -> Result<T> {
        let what = format!("write vault:{path}");
        let explain = |api_error: VaultError| api_error.explain(&self.client.address, &what);
        let engine = read::engine(&self.client, path).await.map_err(explain)?;
        if matches!(engine, SecretsEngine::Other) {
            return Err(explain(VaultError::Refused("it is not a key-value store".to_owned())));
        }
        for _ in 0..ATTEMPTS {
            let (values, version) = match read::found(&self.client, path, &engine).await {
                Ok(raw) => (raw.values, raw.version),
                Err(error) if error.code == Code::SecretMissing => (Map::new(), 0),
                Err(error) => return Err(error),
            };
            let (values, result) = match update(values)? {
                Update::Leave(result) => return Ok(result),
                Update::Write(values, result) => (values, result),
            };
            let (url, body) = match &engine {
                // Vault writes only if nobody has written since the read.
                SecretsEngine::Versioned { data, .. } => {
                    (data.as_str(), json!({ "options": { "cas": version }, "data": values }))
                }
                SecretsEngine::Plain | SecretsEngine::Other => (path.as_str(), Value::Object(values)),
            };
            match self.client.post(url, body).await {
                Ok(_) => return Ok(result),
                Err(VaultError::Moved(_)) => {}
                Err(api_error) => return Err(explain(api_error)),
            }
        }
        Err(explain(VaultError::Refused("other programs keep writing there".to_owned())))
    }
}
