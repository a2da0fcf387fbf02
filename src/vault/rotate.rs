//! Rotates secrets in a key-value store: the old value stays beside the new one until the rotation ends.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::Vault;
use super::ensure::fresh;
use super::update::Update;
use crate::decide::{self, RotationFault};
use crate::error::Result;
use crate::model::{SecretKind, VaultPath};

impl Vault {
    /// Whether a rotation of these keys could begin. Writes nothing.
    pub async fn may_rotate(
        &self,
        path: &VaultPath,
        keys: &BTreeMap<String, SecretKind>,
    ) -> Result<Result<(), RotationFault>> {
        let new = keys.keys().map(|key| (key.clone(), String::new())).collect();
        self.update(path, |values| {
            Ok(Update::Leave(decide::begin_rotation(&values, &new, "", false).map(drop)))
        })
        .await
    }

    /// Generates new values, and stores the old ones beside them.
    pub async fn begin_rotation(
        &self,
        path: &VaultPath,
        keys: &BTreeMap<String, SecretKind>,
        run_id: &str,
        keeps_previous: bool,
    ) -> Result<Result<(), RotationFault>> {
        let new = keys.iter().map(|(key, kind)| Ok((key.clone(), fresh(*kind)?.expose_secret().to_owned())));
        let new = new.collect::<Result<_>>()?;
        self.update(path, |values| {
            Ok(match decide::begin_rotation(&values, &new, run_id, keeps_previous) {
                Ok(values) => Update::Write(values, Ok(())),
                Err(fault) => Update::Leave(Err(fault)),
            })
        })
        .await
    }

    /// Gives each secret its old value again. False if this rotation is not under way any more.
    pub async fn withdraw_rotation(&self, path: &VaultPath, run_id: &str) -> Result<bool> {
        self.change(path, |values| decide::withdraw_rotation(values, run_id)).await
    }

    /// Removes what is not needed after a rotation. False if it is not as the caller knows it: under way, and withdrawn
    /// or not.
    pub async fn end_rotation(&self, path: &VaultPath, run_id: &str, withdrawn: bool) -> Result<bool> {
        self.change(path, |values| decide::end_rotation(values, run_id, withdrawn)).await
    }

    async fn change(
        &self,
        path: &VaultPath,
        change: impl Fn(&Map<String, Value>) -> Option<Map<String, Value>>,
    ) -> Result<bool> {
        self.update(path, |values| {
            Ok(change(&values).map_or(Update::Leave(false), |values| Update::Write(values, true)))
        })
        .await
    }
}
