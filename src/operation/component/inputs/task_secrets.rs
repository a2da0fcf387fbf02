//! Reads the secrets of a service's tasks, and generates the missing ones.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::known_secret::{SecretValue, known, owner, value};
use super::prepared_secrets::{PreparedSecrets, VariableWrite};
use crate::decide::{VariableUpdate, variable_update};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::service::REVISION;
use crate::model::{
    Component, Name, SecretDelivery, SecretKind, SecretOrigin, TaskSecret, VaultPath, nomad_variable,
    service_name,
};
use crate::nomad::NomadError;
use crate::operation::exec::servers::{self, patiently};
use crate::operation::session::Session;
use crate::operation::session::secrets::{CallSecrets, SecretReader};
use crate::record::Record;
use crate::snapshot::SnapshotStore;
use crate::words::{Words, words};
use crate::workdir::Layout;

/// Generates missing secrets; returns one note for each.
pub(in crate::operation::component) async fn generate(
    secrets: &CallSecrets,
    component: &Component,
    reader: &SecretReader,
) -> Result<Vec<String>> {
    let mut wanted: BTreeMap<&VaultPath, BTreeMap<String, SecretKind>> = BTreeMap::new();
    for secret in component.task_secrets.values() {
        if let SecretOrigin::Generated { path, key, kind } = &secret.origin {
            wanted.entry(path).or_default().insert(key.clone(), *kind);
        }
    }
    let mut notes = Vec::new();
    for (path, wanted) in wanted {
        let made = secrets.vault().await?.ensure(path, &wanted).await?;
        reader.forget(path).await?;
        notes.extend(made.into_iter().map(|key| format!("generated, and stored at vault:{path}#{key}")));
    }
    Ok(notes)
}

/// Reads them here and in Nomad; changes nothing. `outputs` are the values that come from other components.
pub(super) async fn collect_task_secrets(
    session: &Session,
    component: &Component,
    outputs: BTreeMap<String, Value>,
    namespace: Option<&Value>,
    reader: &SecretReader,
) -> Result<PreparedSecrets> {
    let mut task_secrets = PreparedSecrets::default();
    let mut wanted = BTreeMap::new();
    let would_change = |secret: &TaskSecret| {
        secret.origin.in_vault().is_some_and(|(path, key)| session.ledger.rotations.would_change(path, key))
    };
    for (name, secret) in &component.task_secrets {
        let value = match outputs.get(name) {
            Some(output) => {
                // An output may contain several secrets; the whole output is none of them.
                task_secrets.secrets.push(output.clone());
                SecretValue::Known(text(output).into())
            }
            None if would_change(secret) => SecretValue::Missing,
            None => value(secret, reader).await.map_err(|error| {
                let message = words![Words::own(secret.path.to_string()), ": ", &error.message];
                Error { message, ..error }
            })?,
        };
        let value = match value {
            SecretValue::Known(value) => Some(value),
            SecretValue::Missing => {
                task_secrets.missing.push(name.clone());
                None
            }
            SecretValue::Dynamic => {
                task_secrets.has_unreadable_secrets = true;
                None
            }
        };
        task_secrets.secrets.extend(value.iter().map(|value| Value::from(value.expose_secret())));
        if secret.delivery == SecretDelivery::Variable {
            wanted.insert(name.clone(), value);
        }
    }
    let Some(service) = service_name(component.name.as_str()).filter(|_| !wanted.is_empty()) else {
        return Ok(task_secrets);
    };
    let path = nomad_variable(service);
    let namespace = servers::namespace(&session.blueprint.settings, namespace);
    let nomad = servers::nomad(&session.blueprint.settings, component, reader).await?;
    let go_on = async || session.call.go_on(Phase::Preparation);
    let found =
        patiently(&nomad, go_on, NomadError::is_away, async || nomad.variable(&namespace, &path).await)
            .await?;
    let variable = found.map_err(|api_error| api_error.explain(&nomad.address, Phase::Preparation))?;
    let owner = owner(&session.blueprint.environment, &component.name);
    task_secrets.secrets.extend(known(&variable.items, &owner));
    let applied = applied(&session.call.layout, &component.name);
    let handing = variable_update(&variable.items, &owner, &wanted, applied)
        .map_err(|why| foreign(&path, &namespace, &why))?;
    task_secrets.revision = Some(handing.revision());
    if let VariableUpdate::Write(_, items) = handing {
        task_secrets.write = Some(VariableWrite { namespace, path, items, since: variable.index });
    }
    Ok(task_secrets)
}

/// The text that the environment of a task can contain.
fn text(output: &Value) -> String {
    output.as_str().map_or_else(|| output.to_string(), str::to_owned)
}

/// The revision of the last apply of this job on this host; 0 if it is not known.
fn applied(layout: &Layout, component: &Name) -> u64 {
    let applied = || {
        let paths = layout.component(component).ok()?;
        let applied = Record::read(&paths.record()).ok()??.applied?;
        let store = SnapshotStore::new(paths.snapshots());
        let variables = store.object(&store.configuration(&applied).ok()?.variables).ok()?;
        serde_json::from_slice::<Map<String, Value>>(&variables).ok()?.get(REVISION)?.as_u64()
    };
    applied().unwrap_or(0)
}

fn foreign(path: &str, namespace: &str, why: &str) -> Error {
    let message = format!("Nomad's variable {path} in namespace {namespace} {why}");
    let remedy = "remove it there, or rename the service";
    Error::new(Layer::Nomad, Phase::Preparation, Code::NomadVariableForeign, message, remedy)
}
