//! Reads the secrets of a service's tasks, and generates the missing ones.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::handed::{Handed, Writing};
use super::known_secret::{Known, known, owner, value};
use crate::decide::{Handing, hand};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::service::REVISION;
use crate::model::{
    Bearer, Component, Name, SecretKind, SecretOrigin, VaultPath, nomad_variable, service_name,
};
use crate::nomad::Trouble;
use crate::operation::exec::servers::{self, patiently};
use crate::operation::session::Session;
use crate::operation::session::secrets::{Reading, Secrets};
use crate::record::Record;
use crate::snapshot::Store;
use crate::words::{Words, words};
use crate::workdir::Layout;

/// Generates missing secrets; returns one note for each.
pub(in crate::operation::component) async fn generate(
    secrets: &Secrets,
    component: &Component,
    reading: &Reading,
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
        reading.forget(path).await?;
        notes.extend(made.into_iter().map(|key| format!("generated, and stored at vault:{path}#{key}")));
    }
    Ok(notes)
}

/// Reads them here and in Nomad; changes nothing. `outputs` are the values that come from other components.
pub(super) async fn gather(
    session: &Session,
    component: &Component,
    outputs: BTreeMap<String, Value>,
    namespace: Option<&Value>,
    reading: &Reading,
) -> Result<Handed> {
    let mut handed = Handed::default();
    let mut wanted = BTreeMap::new();
    for (name, secret) in &component.task_secrets {
        let value = match outputs.get(name) {
            Some(output) => {
                // An output may contain several secrets; the whole output is none of them.
                handed.secrets.push(output.clone());
                Known::Is(text(output).into())
            }
            None => value(secret, reading).await.map_err(|error| {
                let message = words![Words::own(secret.path.to_string()), ": ", &error.message];
                Error { message, ..error }
            })?,
        };
        let value = match value {
            Known::Is(value) => Some(value),
            Known::Unmade => {
                handed.unmade.push(name.clone());
                None
            }
            Known::Lent => {
                handed.blind = true;
                None
            }
        };
        handed.secrets.extend(value.iter().map(|value| Value::from(value.expose_secret())));
        if secret.bearer == Bearer::Variable {
            wanted.insert(name.clone(), value);
        }
    }
    let Some(service) = service_name(component.name.as_str()).filter(|_| !wanted.is_empty()) else {
        return Ok(handed);
    };
    let path = nomad_variable(service);
    let namespace = servers::namespace(&session.blueprint.settings, namespace);
    let nomad = servers::nomad(&session.blueprint.settings, component, reading).await?;
    let go_on = async || session.call.go_on(Phase::Preparation);
    let found =
        patiently(&nomad, go_on, Trouble::is_away, async || nomad.variable(&namespace, &path).await).await?;
    let found = found.map_err(|trouble| trouble.explain(&nomad.address, Phase::Preparation))?;
    let owner = owner(&session.blueprint.environment, &component.name);
    handed.secrets.extend(known(&found.items, &owner));
    let applied = applied(&session.call.layout, &component.name);
    let handing =
        hand(&found.items, &owner, &wanted, applied).map_err(|why| foreign(&path, &namespace, &why))?;
    handed.revision = Some(handing.revision());
    if let Handing::Write(_, items) = handing {
        handed.writing = Some(Writing { namespace, path, items, since: found.index });
    }
    Ok(handed)
}

/// The text that the environment of a task can contain.
fn text(output: &Value) -> String {
    output.as_str().map_or_else(|| output.to_string(), str::to_owned)
}

/// The revision of the last apply of this job on this host; 0 if it is not known.
fn applied(layout: &Layout, component: &Name) -> u64 {
    let applied = || {
        let place = layout.place(component).ok()?;
        let applied = Record::read(&place.record()).ok()??.applied?;
        let store = Store::new(place.snapshots());
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
