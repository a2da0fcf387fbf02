//! What is known of one secret of a task, and which component owns a Nomad variable.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::decide::{self, Items};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Bearer, Name, Reference, SecretOrigin, TaskSecret};
use crate::operation::session::secrets::Reading;

/// What is known of a secret.
pub(super) enum Known {
    Is(SecretString),
    /// It has not been generated yet.
    Unmade,
    /// Vault issues it to the task alone.
    Lent,
}

pub(super) async fn value(
    TaskSecret { origin, bearer, path: place }: &TaskSecret,
    reading: &Reading,
) -> Result<Known> {
    match (origin, bearer) {
        (SecretOrigin::Generated { path, key, .. }, _) => match reading.stored(path).await {
            Ok(secret) => {
                let value = secret.and_then(|secret| secret.maybe(key).cloned());
                Ok(value.map_or(Known::Unmade, Known::Is))
            }
            Err(error) if error.code == Code::SecretMissing => Ok(Known::Unmade),
            Err(error) => Err(error),
        },
        (SecretOrigin::Reference(Reference::Vault { path, key }), bearer) => {
            match (reading.stored(path).await?, bearer) {
                (Some(secret), _) if !secret.is_lent => secret.key(key).cloned().map(Known::Is),
                (_, Bearer::Vault) => Ok(Known::Lent),
                (_, Bearer::Variable) => {
                    let message = format!("vault:{path} is a lease, which would end with this run");
                    let remedy = "let Nomad itself read it: settings:nomad:secrets: vault";
                    Err(Error::new(Layer::Salt, Phase::Preparation, Code::SecretLent, message, remedy))
                }
            }
        }
        (SecretOrigin::Reference(reference), _) => reading.read(reference).await.map(Known::Is),
        (SecretOrigin::Output(output), _) => {
            let message = format!("{place} reads {output}, which has no value yet");
            let remedy = format!("run {} first, or use include_dependencies=True", output.component);
            Err(Error::new(Layer::Salt, Phase::Preparation, Code::MissingOutput, message, remedy))
        }
    }
}

pub(super) fn known(found: &Items, owner: &str) -> Vec<Value> {
    decide::handed(found, owner).map(|value| value.expose_secret().into()).collect()
}

/// Several environments may share one Nomad.
pub(super) fn owner(environment: &Name, component: &Name) -> String {
    format!("{}/{component}", environment)
}
