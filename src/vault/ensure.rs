//! Secrets that must exist: generates and writes those that are missing. Existing ones are never overwritten.

use std::collections::{BTreeMap, BTreeSet};

use rustix::rand::{GetRandomFlags, getrandom};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::Vault;
use super::error::{VaultError, refuse};
use super::generate::generate;
use super::read::{self, SecretsEngine};
use crate::error::{Code, Result};
use crate::model::{SecretKind, VaultPath};

/// Attempts, if another client writes first each time.
const ATTEMPTS: usize = 5;

impl Vault {
    /// Generates the keys of `wanted` that are missing at this path of a key-value store, and returns their names.
    /// Existing keys stay as they are. In a versioned store (version 2), two runs that do this at the same time agree
    /// on one value. Version 1 has no conditional write: there the later write wins.
    pub async fn ensure(
        &self,
        path: &VaultPath,
        wanted: &BTreeMap<String, SecretKind>,
    ) -> Result<BTreeSet<String>> {
        let what = format!("write vault:{path}");
        let explain = |api_error: VaultError| api_error.explain(&self.client.address, &what);
        let engine = read::engine(&self.client, path).await.map_err(explain)?;
        if matches!(engine, SecretsEngine::Other) {
            return Err(explain(VaultError::Refused("it is not a key-value store".to_owned())));
        }
        let mut made = BTreeSet::new();
        for _ in 0..ATTEMPTS {
            let (mut values, version) = match read::found(&self.client, path, &engine).await {
                Ok(raw) => (raw.values, raw.version),
                Err(error) if error.code == Code::SecretMissing => (Map::new(), 0),
                Err(error) => return Err(error),
            };
            let lacking = |key: &&String| values.get(*key).is_none_or(Value::is_null);
            let missing: BTreeSet<_> = wanted.keys().filter(lacking).cloned().collect();
            if missing.is_empty() {
                return Ok(made);
            }
            for key in &missing {
                let value = generate(wanted[key], &mut fill).map_err(|error| {
                    refuse(
                        Code::VaultRandom,
                        format!("cannot get random bytes: {error}"),
                        "check this host's kernel",
                    )
                    .because(error)
                })?;
                values.insert(key.clone(), value.expose_secret().into());
            }
            let (url, body) = match &engine {
                // Vault writes only if nobody has written since the read.
                SecretsEngine::Versioned { data } => {
                    (data.as_str(), json!({ "options": { "cas": version }, "data": values }))
                }
                // This engine has no conditional write. The values are read again after the write, and those count.
                SecretsEngine::Plain | SecretsEngine::Other => (path.as_str(), Value::Object(values)),
            };
            match self.client.post(url, body).await {
                Ok(_) => made.extend(missing),
                Err(VaultError::Moved(_)) => {}
                Err(api_error) => return Err(explain(api_error)),
            }
        }
        Err(explain(VaultError::Refused("other programs keep writing there".to_owned())))
    }
}

/// Fills all bytes with random data. The kernel may return fewer bytes for one call.
fn fill(bytes: &mut [u8]) -> rustix::io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        filled += getrandom(&mut bytes[filled..], GetRandomFlags::empty())?;
    }
    Ok(())
}
