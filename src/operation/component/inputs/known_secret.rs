//! What is known of one secret of a task, and which component owns a Nomad variable.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::variables::bring_up_first;
use crate::decide::{self, Items};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Name, Reference, SecretDelivery, SecretOrigin, TaskSecret};
use crate::operation::session::secrets::SecretReader;

/// What is known of a secret.
pub(super) enum SecretValue {
    Known(SecretString),
    /// It has not been generated yet.
    Missing,
    /// Vault issues it to the task alone.
    Dynamic,
}

pub(super) async fn value(
    TaskSecret { origin, delivery, path: pillar_path }: &TaskSecret,
    reading: &SecretReader,
) -> Result<SecretValue> {
    match (origin, delivery) {
        (SecretOrigin::Generated { path, key, .. }, _) => match reading.stored(path).await {
            Ok(secret) => {
                let value = secret.and_then(|secret| secret.maybe(key).cloned());
                Ok(value.map_or(SecretValue::Missing, SecretValue::Known))
            }
            Err(error) if error.code == Code::SecretMissing => Ok(SecretValue::Missing),
            Err(error) => Err(error),
        },
        (SecretOrigin::Reference(Reference::Vault { path, key }), bearer) => {
            match (reading.stored(path).await?, bearer) {
                (Some(secret), _) if !secret.is_lent => secret.key(key).cloned().map(SecretValue::Known),
                (_, SecretDelivery::Vault) => Ok(SecretValue::Dynamic),
                (_, SecretDelivery::Variable) => {
                    let message = format!("vault:{path} is a lease, which would end with this run");
                    let remedy = "let Nomad itself read it: settings:nomad:secrets: vault";
                    Err(Error::new(Layer::Salt, Phase::Preparation, Code::SecretLent, message, remedy))
                }
            }
        }
        (SecretOrigin::Reference(reference), _) => {
            reading.read_for(&pillar_path.to_string(), reference).await.map(SecretValue::Known)
        }
        (SecretOrigin::Output(output), _) => {
            let message = format!("{pillar_path} reads {output}, which has no value yet");
            let remedy = bring_up_first(&output.component);
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
