//! Removes generated secrets for good.

use std::collections::BTreeSet;

use super::Vault;
use super::read::{self, SecretsEngine};
use super::update::Update;
use crate::decide::ROTATION;
use crate::error::{Code, Result};
use crate::model::{PurgedKeys, VaultPath, previous_key};

impl Vault {
    /// Removes these keys of a key-value store, and what a rotation has kept beside them.
    pub async fn purge(&self, path: &VaultPath, keys: &BTreeSet<String>) -> Result<PurgedKeys> {
        let ours = |key: &String| {
            keys.contains(key) || key == ROTATION || keys.iter().any(|one| *key == previous_key(one))
        };
        let what = format!("remove vault:{path}");
        let explain = |error: super::VaultError| error.explain(&self.client.address, &what);
        let engine = read::engine(&self.client, path).await.map_err(explain)?;
        let found = match read::found(&self.client, path, &engine).await {
            Ok(found) => found,
            Err(error) if matches!(error.code, Code::SecretMissing | Code::SecretDeleted) => {
                return Ok(PurgedKeys::Nothing);
            }
            Err(error) => return Err(error),
        };
        if found.values.keys().all(&ours) {
            let place = match &engine {
                SecretsEngine::Versioned { metadata, .. } => metadata.as_str(),
                SecretsEngine::Plain | SecretsEngine::Other => path.as_str(),
            };
            return self.client.delete(place).await.map(|_| PurgedKeys::Path).map_err(explain);
        }
        let are_in_versions = matches!(engine, SecretsEngine::Versioned { .. });
        self.update(path, |mut values| {
            let before = values.len();
            values.retain(|key, _| !ours(key));
            Ok(match values.len() == before {
                true => Update::Leave(PurgedKeys::Nothing),
                false => Update::Write(values, PurgedKeys::Keys { are_in_versions }),
            })
        })
        .await
    }
}
