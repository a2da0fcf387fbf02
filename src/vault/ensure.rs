//! Secrets that must exist: generates and writes those that are missing. Existing ones are never overwritten.

use std::collections::{BTreeMap, BTreeSet};

use rustix::rand::{GetRandomFlags, getrandom};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Vault;
use super::error::{VaultError, refuse};
use super::generate::generate;
use super::update::Update;
use crate::error::{Code, Result};
use crate::model::{SecretKind, VaultPath};

/// Attempts, if another client removes the keys each time.
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
        let mut made = BTreeSet::new();
        for _ in 0..ATTEMPTS {
            let missing = self.update(path, |mut values| {
                let lacking = |key: &&String| values.get(*key).is_none_or(Value::is_null);
                let missing: BTreeSet<_> = wanted.keys().filter(lacking).cloned().collect();
                for key in &missing {
                    values.insert(key.clone(), fresh(wanted[key])?.expose_secret().into());
                }
                Ok(match missing.is_empty() {
                    true => Update::Leave(missing),
                    false => Update::Write(values, missing),
                })
            });
            // The values are read again after the write, and those count.
            match missing.await? {
                missing if missing.is_empty() => return Ok(made),
                missing => made.extend(missing),
            }
        }
        let error = VaultError::Refused("other programs keep writing there".to_owned());
        Err(error.explain(&self.client.address, &format!("write vault:{path}")))
    }
}

/// A new value from the kernel's random bytes.
pub(super) fn fresh(kind: SecretKind) -> Result<SecretString> {
    generate(kind, &mut fill).map_err(|error| {
        refuse(Code::VaultRandom, format!("cannot get random bytes: {error}"), "check this host's kernel")
            .because(error)
    })
}

/// Fills all bytes with random data. The kernel may return fewer bytes for one call.
fn fill(bytes: &mut [u8]) -> rustix::io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        filled += getrandom(&mut bytes[filled..], GetRandomFlags::empty())?;
    }
    Ok(())
}
