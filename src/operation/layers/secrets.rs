//! The tokens with which layers are asked. They are read as a run reads them, and given back at the end.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::deadline::{Deadline, PATIENCE};
use crate::change::Redactor;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Reference, VaultAuth, VaultServer};
use crate::operation::session::channel::HostChannel;
use crate::operation::session::secrets::{CallSecrets, SecretReader};
use crate::vault::Vault;

pub struct LayerSecrets {
    call: Rc<CallSecrets>,
    reader: Rc<SecretReader>,
    /// The settings of Vault. Nothing is repeated, because the answer is about now.
    pub server: Option<VaultServer>,
    known: Redactor,
}

impl LayerSecrets {
    pub fn new(vault: Option<&VaultServer>, channel: &HostChannel, known: &Redactor) -> Self {
        let server = vault.map(|server| VaultServer { retry_for: Duration::ZERO, ..server.clone() });
        let call = Rc::new(CallSecrets::within(PATIENCE, server.clone(), channel.clone()));
        Self { reader: call.reading(), call, server, known: known.clone() }
    }

    /// The value of a reference. It is masked in all answers.
    pub async fn read(&self, reference: &Reference, deadline: &Deadline) -> Result<SecretString> {
        if self.would_unwrap() && matches!(reference, Reference::Vault { .. }) {
            return Err(refuse(
                format!("{reference} was not read, because that would use up the wrapping token"),
                "a run reads it. To check it here, use another method in infrastructure:settings:vault:auth",
            ));
        }
        let late = || {
            let missed = Deadline::missed();
            Err(refuse(format!("{reference} could not be read: {missed}"), "check the server that has it"))
        };
        let value = deadline.within(self.reader.read(reference)).await.unwrap_or_else(late)?;
        if !matches!(reference, Reference::Plain(_)) {
            self.known.add([&Value::from(value.expose_secret())]);
        }
        Ok(value)
    }

    /// The same, for a setting that may be missing.
    pub async fn maybe(
        &self,
        reference: Option<&Reference>,
        deadline: &Deadline,
    ) -> Result<Option<SecretString>> {
        match reference {
            Some(reference) => self.read(reference, deadline).await.map(Some),
            None => Ok(None),
        }
    }

    /// Logs in to Vault as a run does. One login is for all questions.
    pub async fn vault(&self) -> Result<Arc<Vault>> {
        self.call.vault().await
    }

    /// Revokes what was issued. Returns one sentence for each item that could not be revoked.
    pub async fn close(&self) -> Vec<String> {
        self.call.close().await
    }

    /// A login with a wrapping token uses it up.
    pub fn would_unwrap(&self) -> bool {
        self.server.as_ref().is_some_and(|server| matches!(server.auth, VaultAuth::Wrapped { .. }))
    }
}

fn refuse(message: String, remedy: &'static str) -> Error {
    Error::new(Layer::Salt, Phase::Verification, Code::Reference, message, remedy)
}
