//! The secrets of a service's tasks, and where they are written for the tasks to read.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::decide::Items;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::nomad::{NomadClient, NomadError};
use crate::operation::exec::context::Context;
use crate::operation::exec::servers;
use crate::operation::exec::servers::patiently;

/// The secrets that a turn publishes to tasks. No Debug: it holds secrets.
#[derive(Default)]
pub struct PreparedSecrets {
    /// Every secret that the tasks have or had. They are removed from all texts.
    pub secrets: Vec<Value>,
    /// Some task has a secret that is not in `secrets`.
    pub has_unreadable_secrets: bool,
    /// None if no secret is passed through a Nomad variable.
    pub revision: Option<u64>,
    /// Names of secrets that have no value yet.
    pub(super) missing: Vec<String>,
    pub(super) write: Option<VariableWrite>,
}

/// A Nomad variable to write.
pub(super) struct VariableWrite {
    pub(super) namespace: String,
    pub(super) path: String,
    pub(super) items: Items,
    pub(super) since: u64,
}

impl PreparedSecrets {
    /// Whether no secret was read.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && !self.has_unreadable_secrets
    }

    /// Whether some secret still has to be generated.
    pub fn is_unmade(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Whether a Nomad variable has to be written.
    pub fn is_written(&self) -> bool {
        self.write.is_none()
    }

    /// Writes the secrets for the tasks, under the lock and before the tasks start.
    pub async fn deliver(&self, context: &Context<'_>) -> Result<()> {
        if self.is_unmade() {
            let message = format!("{} was generated, but its value cannot be read", self.missing.join(", "));
            let remedy = "check Vault and other programs that write there, then run again";
            return Err(Error::new(Layer::Salt, Phase::Application, Code::SecretUnreadable, message, remedy));
        }
        let Some(writing) = &self.write else { return Ok(()) };
        let VariableWrite { namespace, path, items, since } = writing;
        let settings = &context.session.blueprint.settings;
        let nomad = servers::nomad(settings, context.component, &context.reader).await?;
        let go_on = async || context.go_on(Phase::Application).await;
        let write = async || nomad.put_variable(namespace, path, items, *since).await;
        let answer = match patiently(&nomad, go_on, NomadError::is_away, write).await? {
            // An earlier attempt may have succeeded although its answer was lost.
            Err(NomadError::Moved) if writing.is_there(&nomad).await => Ok(()),
            answer => answer,
        };
        answer.map_err(|error| error.explain(&nomad.address, Phase::Application))
    }
}

impl VariableWrite {
    async fn is_there(&self, nomad: &NomadClient) -> bool {
        let Ok(variable) = nomad.variable(&self.namespace, &self.path).await else { return false };
        let same = |(key, value): (&String, &SecretString)| {
            variable.items.get(key).is_some_and(|found| found.expose_secret() == value.expose_secret())
        };
        variable.items.len() == self.items.len() && self.items.iter().all(same)
    }
}
