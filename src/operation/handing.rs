//! The secrets of a service's task: read, made where they are missing, and written where its task finds them.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::invoke::Invoker;
use super::secrets::Reading;
use super::servers::{self, patiently};
use super::session::Session;
use crate::decide::{Handing, Items, hand, take_back};
use crate::error::{Error, Layer, Phase, Result};
use crate::model::{
    Bearer, Component, Reference, SecretKind, SecretOrigin, VaultPath, nomad_variable, service_name,
};
use crate::nomad::Trouble;

/// What a turn has to hand over. No Debug: it holds secrets.
#[derive(Default)]
pub struct Handed {
    /// Whatever its tasks are given, to be taken out of what is told.
    pub secrets: Vec<Value>,
    /// None where no secret goes by a variable of Nomad's.
    pub revision: Option<u64>,
    writing: Option<Writing>,
}

/// A variable that is to be written.
struct Writing {
    namespace: String,
    path: String,
    items: Items,
    since: u64,
}

/// Makes what is to be generated and is missing; says what that was.
pub async fn generate(session: &Session, component: &Component) -> Result<Vec<String>> {
    let mut wanted: BTreeMap<&VaultPath, BTreeMap<String, SecretKind>> = BTreeMap::new();
    for secret in component.task_secrets.values() {
        if let SecretOrigin::Generated { path, key, kind } = &secret.origin {
            wanted.entry(path).or_default().insert(key.clone(), *kind);
        }
    }
    let mut notes = Vec::new();
    for (path, wanted) in wanted {
        let made = session.secrets.vault().await?.ensure(path, &wanted).await?;
        notes.extend(made.into_iter().map(|key| format!("made, and kept at vault:{path}#{key}")));
    }
    Ok(notes)
}

/// Reads them, and what Nomad has of them; changes nothing. `outputs` are those that come from other components.
pub async fn gather(
    session: &Session,
    component: &Component,
    outputs: BTreeMap<String, SecretString>,
    namespace: Option<&Value>,
    reading: &Reading,
) -> Result<Handed> {
    let mut handed = Handed::default();
    let mut wanted = BTreeMap::new();
    for (name, secret) in &component.task_secrets {
        let read = match &secret.origin {
            SecretOrigin::Output(_) => Ok(outputs.get(name).cloned()),
            origin => value(origin, secret.bearer, reading).await,
        };
        let value = read.map_err(|error| {
            let message = format!("{}: {}", secret.path, error.message);
            Error { message, ..error }
        })?;
        handed.secrets.extend(value.iter().map(|value| Value::from(value.expose_secret())));
        if secret.bearer == Bearer::Variable {
            wanted.insert(name.clone(), value);
        }
    }
    let Some(service) = service_name(component.name.as_str()).filter(|_| !wanted.is_empty()) else {
        return Ok(handed);
    };
    let (path, namespace) = (nomad_variable(service), namespace_of(session, namespace));
    let nomad = servers::nomad(&session.blueprint.settings, reading).await?;
    let found =
        patiently(session, Trouble::is_away, async || nomad.variable(&namespace, &path).await).await?;
    let found = found.map_err(|trouble| trouble.explain(&nomad.address, Phase::Preparation))?;
    let Handing { revision, items } = hand(&found.items, component.name.as_str(), &wanted)
        .map_err(|names| foreign(&path, &namespace, &names))?;
    handed.revision = Some(revision);
    handed.writing = items.map(|items| Writing { namespace, path, items, since: found.index });
    Ok(handed)
}

/// None where it is still to be made, or is Nomad's to read.
async fn value(origin: &SecretOrigin, bearer: Bearer, reading: &Reading) -> Result<Option<SecretString>> {
    match (origin, bearer) {
        (SecretOrigin::Generated { path, key, .. }, _) => match reading.stored(path).await {
            Ok(secret) => Ok(secret.and_then(|secret| secret.maybe(key).cloned())),
            Err(error) if error.code == "secret_missing" => Ok(None),
            Err(error) => Err(error),
        },
        (SecretOrigin::Reference(Reference::Vault { path, key }), Bearer::Vault) => {
            let secret = reading.stored(path).await?;
            secret.map(|secret| secret.key(key).cloned()).transpose()
        }
        (SecretOrigin::Reference(Reference::Vault { path, key }), Bearer::Variable) => {
            match reading.stored(path).await? {
                Some(secret) if !secret.is_lent => secret.key(key).cloned().map(Some),
                _ => {
                    let message = format!("vault:{path} is lent, and would end with this run");
                    let remedy = "have Nomad read it itself: settings:nomad:secrets: vault";
                    Err(Error::new(Layer::Salt, Phase::Preparation, "secret_lent", message, remedy))
                }
            }
        }
        (SecretOrigin::Reference(reference), _) => reading.read(reference).await.map(Some),
        (SecretOrigin::Output(_), _) => Ok(None),
    }
}

impl Handed {
    /// Writes what the tasks are to find, under the lock and before they are started.
    pub async fn deliver(&self, invoker: &Invoker<'_>) -> Result<()> {
        let Some(Writing { namespace, path, items, since }) = &self.writing else { return Ok(()) };
        let nomad = servers::nomad(&invoker.session.blueprint.settings, &invoker.reading).await?;
        let written = patiently(invoker.session, Trouble::is_away, async || {
            nomad.put_variable(namespace, path, items, *since).await
        });
        match written.await? {
            Ok(()) => Ok(()),
            // Its answer to an earlier attempt may have been lost on the way.
            Err(Trouble::Moved) if self.is_there(invoker, namespace, path, items).await? => Ok(()),
            Err(trouble) => Err(trouble.explain(&nomad.address, Phase::Application)),
        }
    }

    async fn is_there(
        &self,
        invoker: &Invoker<'_>,
        namespace: &str,
        path: &str,
        items: &Items,
    ) -> Result<bool> {
        let nomad = servers::nomad(&invoker.session.blueprint.settings, &invoker.reading).await?;
        let found = nomad.variable(namespace, path).await;
        let found = found.map_err(|trouble| trouble.explain(&nomad.address, Phase::Application))?;
        let same = |(key, value): (&String, &SecretString)| {
            found.items.get(key).is_some_and(|found| found.expose_secret() == value.expose_secret())
        };
        Ok(found.items.len() == items.len() && items.iter().all(same))
    }
}

/// Removes what was handed to a service that is no more; what could not be is said.
pub async fn withdraw(invoker: &Invoker<'_>, namespace: Option<&Value>) -> Option<String> {
    let component = invoker.component;
    let service = service_name(component.name.as_str())?;
    let session = invoker.session;
    session.modules.get(&component.name).filter(|module| module.interface.providers.contains("nomad"))?;
    let (path, namespace) = (nomad_variable(service), namespace_of(session, namespace));
    let gone = async {
        let nomad = servers::nomad(&session.blueprint.settings, &invoker.reading).await?;
        let withdrawn = async || {
            let found = nomad.variable(&namespace, &path).await?;
            match take_back(&found.items, component.name.as_str()) {
                None => Ok(()),
                Some(rest) if rest.is_empty() => nomad.delete_variable(&namespace, &path, found.index).await,
                Some(rest) => nomad.put_variable(&namespace, &path, &rest, found.index).await,
            }
        };
        let answer = patiently(session, Trouble::is_away, withdrawn).await?;
        answer.map_err(|trouble| trouble.explain(&nomad.address, Phase::Application))
    };
    match gone.await {
        Ok(()) => None,
        // Nobody has handed it anything, as far as is known.
        Err(error) if error.code == "nomad_denied" && component.task_secrets.is_empty() => None,
        Err(error) => Some(format!("its secrets may be left in Nomad's variable {path}: {}", error.message)),
    }
}

fn namespace_of(session: &Session, said: Option<&Value>) -> String {
    let own = &session.blueprint.settings.nomad.namespace;
    said.and_then(Value::as_str).unwrap_or(own).to_owned()
}

fn foreign(path: &str, namespace: &str, names: &[String]) -> Error {
    let message = format!(
        "Nomad's variable {path} in namespace {namespace} has {} already, and Eos did not write that",
        names.join(", ")
    );
    let remedy = "remove it there, or choose another name in secrets";
    Error::new(Layer::Nomad, Phase::Preparation, "nomad_variable_foreign", message, remedy)
        .with(json!({ "path": path, "namespace": namespace, "names": names }))
}
