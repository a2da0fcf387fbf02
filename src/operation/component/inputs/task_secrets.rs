//! The secrets of a service's tasks: read, made where they are missing, written where the tasks find them, and taken
//! out of whatever is told.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::decide::{self, Handing, Items, hand, take_back};
use crate::error::{Error, Layer, Phase, Result};
use crate::model::service::REVISION;
use crate::model::{
    Bearer, Component, Name, Reference, SecretKind, SecretOrigin, TaskSecret, VaultPath, nomad_variable,
    service_name,
};
use crate::nomad::{Nomad, Trouble};
use crate::operation::exec::servers::patiently;
use crate::operation::exec::{Invoker, servers};
use crate::operation::session::Session;
use crate::operation::session::secrets::Reading;
use crate::record::Record;
use crate::snapshot::Store;
use crate::words::{Words, words};

/// What a turn has to hand over. No Debug: it holds secrets.
#[derive(Default)]
pub struct Handed {
    /// Whatever its tasks are given, or were, to be taken out of what is told.
    pub secrets: Vec<Value>,
    /// Some task has a secret that is not among those.
    pub blind: bool,
    /// None where no secret goes by a variable of Nomad's.
    pub revision: Option<u64>,
    /// Names that have no value yet.
    unmade: Vec<String>,
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
pub(in crate::operation::component) async fn generate(
    session: &Session,
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
        let made = session.secrets.vault().await?.ensure(path, &wanted).await?;
        reading.forget(path).await?;
        notes.extend(made.into_iter().map(|key| format!("made, and kept at vault:{path}#{key}")));
    }
    Ok(notes)
}

/// Reads them, and what Nomad has of them; changes nothing. `outputs` are those that come from other components.
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
                // An output may hold more than one secret, and whole it is none of them.
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
    let go_on = async || session.go_on(Phase::Preparation);
    let found = patiently(go_on, Trouble::is_away, async || nomad.variable(&namespace, &path).await).await?;
    let found = found.map_err(|trouble| trouble.explain(&nomad.address, Phase::Preparation))?;
    let owner = owner(session, &component.name);
    handed.secrets.extend(known(&found.items, &owner));
    let applied = applied(session, &component.name);
    let handing =
        hand(&found.items, &owner, &wanted, applied).map_err(|why| foreign(&path, &namespace, &why))?;
    handed.revision = Some(handing.revision());
    if let Handing::Write(_, items) = handing {
        handed.writing = Some(Writing { namespace, path, items, since: found.index });
    }
    Ok(handed)
}

/// What is known of a secret.
enum Known {
    Is(SecretString),
    /// It is still to be made.
    Unmade,
    /// Vault lends it to the task alone.
    Lent,
}

async fn value(TaskSecret { origin, bearer, path: place }: &TaskSecret, reading: &Reading) -> Result<Known> {
    match (origin, bearer) {
        (SecretOrigin::Generated { path, key, .. }, _) => match reading.stored(path).await {
            Ok(secret) => {
                let value = secret.and_then(|secret| secret.maybe(key).cloned());
                Ok(value.map_or(Known::Unmade, Known::Is))
            }
            Err(error) if error.code == "secret_missing" => Ok(Known::Unmade),
            Err(error) => Err(error),
        },
        (SecretOrigin::Reference(Reference::Vault { path, key }), bearer) => {
            match (reading.stored(path).await?, bearer) {
                (Some(secret), _) if !secret.is_lent => secret.key(key).cloned().map(Known::Is),
                (_, Bearer::Vault) => Ok(Known::Lent),
                (_, Bearer::Variable) => {
                    let message = format!("vault:{path} is lent, and would end with this run");
                    let remedy = "have Nomad read it itself: settings:nomad:secrets: vault";
                    Err(Error::new(Layer::Salt, Phase::Preparation, "secret_lent", message, remedy))
                }
            }
        }
        (SecretOrigin::Reference(reference), _) => reading.read(reference).await.map(Known::Is),
        (SecretOrigin::Output(output), _) => {
            let message = format!("{place} reads {output}, which has no value yet");
            let remedy = format!("run {} first, or use include_dependencies=True", output.component);
            Err(Error::new(Layer::Salt, Phase::Preparation, "missing_output", message, remedy))
        }
    }
}

impl Handed {
    /// Whether nothing was read that could be told.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && !self.blind
    }

    /// Whether something is still to be made.
    pub fn is_unmade(&self) -> bool {
        !self.unmade.is_empty()
    }

    /// Whether what the tasks are to find has to be written.
    pub fn is_written(&self) -> bool {
        self.writing.is_none()
    }

    /// Writes what the tasks are to find, under the lock and before they are started.
    pub async fn deliver(&self, invoker: &Invoker<'_>) -> Result<()> {
        if self.is_unmade() {
            let message = format!("no value can be read of {}, which was made", self.unmade.join(", "));
            let remedy = "look at Vault, and who else writes there; then run again";
            return Err(Error::new(Layer::Salt, Phase::Application, "secret_unreadable", message, remedy));
        }
        let Some(writing) = &self.writing else { return Ok(()) };
        let Writing { namespace, path, items, since } = writing;
        let settings = &invoker.session.blueprint.settings;
        let nomad = servers::nomad(settings, invoker.component, &invoker.reading).await?;
        let go_on = async || invoker.go_on(Phase::Application).await;
        let write = async || nomad.put_variable(namespace, path, items, *since).await;
        let answer = match patiently(go_on, Trouble::is_away, write).await? {
            // The answer to an earlier attempt may have been lost on the way.
            Err(Trouble::Moved) if writing.is_there(&nomad).await => Ok(()),
            answer => answer,
        };
        answer.map_err(|trouble| trouble.explain(&nomad.address, Phase::Application))
    }
}

impl Writing {
    async fn is_there(&self, nomad: &Nomad) -> bool {
        let Ok(found) = nomad.variable(&self.namespace, &self.path).await else { return false };
        let same = |(key, value): (&String, &SecretString)| {
            found.items.get(key).is_some_and(|found| found.expose_secret() == value.expose_secret())
        };
        found.items.len() == self.items.len() && self.items.iter().all(same)
    }
}

/// Learns what its tasks have, as far as that can be known now, so that it is taken out of what is told. Where it
/// cannot, what the tasks say is not repeated.
pub async fn hide(invoker: &mut Invoker<'_>) {
    let (session, component) = (invoker.session, invoker.component);
    let Some(service) = service_name(component.name.as_str()).filter(|_| !component.task_secrets.is_empty())
    else {
        return;
    };
    let namespace = component.inputs.get("namespace").and_then(|input| input.literal());
    let namespace = servers::namespace(&session.blueprint.settings, namespace);
    let mut secrets = Vec::new();
    let mut by_variable = false;
    if let Ok(nomad) = servers::nomad(&session.blueprint.settings, component, &invoker.reading).await
        && let Ok(found) = nomad.variable(&namespace, &nomad_variable(service)).await
    {
        secrets.extend(known(&found.items, &owner(session, &component.name)));
        // It holds all that was ever handed over by it.
        by_variable = !secrets.is_empty();
    }
    let asked = |secret: &&TaskSecret| !(by_variable && secret.bearer == Bearer::Variable);
    for secret in component.task_secrets.values().filter(asked) {
        match value(secret, &invoker.reading).await {
            Ok(Known::Is(value)) => secrets.push(value.expose_secret().into()),
            Ok(Known::Unmade) => {}
            Ok(Known::Lent) | Err(_) => invoker.blind = true,
        }
    }
    invoker.redactor.add(&secrets);
}

/// Removes what was handed to a service that is no more, wherever that was; what could not be is said.
pub(in crate::operation::component) async fn withdraw(invoker: &Invoker<'_>) -> Option<String> {
    let (session, component) = (invoker.session, invoker.component);
    let service = service_name(component.name.as_str())?;
    session.modules.get(&component.name).filter(|module| module.interface.providers.contains("nomad"))?;
    let (path, owner) = (nomad_variable(service), owner(session, &component.name));
    let gone = async {
        let nomad = servers::nomad(&session.blueprint.settings, component, &invoker.reading).await?;
        let withdraw = async || {
            for namespace in nomad.namespaces_of(&path).await? {
                let found = nomad.variable(&namespace, &path).await?;
                match take_back(&found.items, &owner) {
                    None => {}
                    Some(rest) if rest.is_empty() => {
                        nomad.delete_variable(&namespace, &path, found.index).await?;
                    }
                    Some(rest) => nomad.put_variable(&namespace, &path, &rest, found.index).await?,
                }
            }
            Ok(())
        };
        // Whoever asked us to stop did not ask for secrets to be left.
        let answer = patiently(async || Ok(()), Trouble::is_away, withdraw).await?;
        answer.map_err(|trouble| trouble.explain(&nomad.address, Phase::Application))
    };
    match gone.await {
        Ok(()) => None,
        // Nobody has handed it anything, as far as is known.
        Err(error) if error.code == "nomad_denied" && component.task_secrets.is_empty() => None,
        Err(error) => Some(format!(
            "its secrets may be left in Nomad's variable {path}: {}; destroy it again to remove them",
            error.message
        )),
    }
}

fn known(found: &Items, owner: &str) -> Vec<Value> {
    decide::handed(found, owner).map(|value| value.expose_secret().into()).collect()
}

/// What the environment of a task can hold.
fn text(output: &Value) -> String {
    output.as_str().map_or_else(|| output.to_string(), str::to_owned)
}

/// Environments may share a Nomad.
fn owner(session: &Session, component: &Name) -> String {
    format!("{}/{component}", session.blueprint.environment)
}

/// The revision that the job was last applied with on this host; 0 where that is not known.
fn applied(session: &Session, component: &Name) -> u64 {
    let applied = || {
        let place = session.layout.place(component).ok()?;
        let applied = Record::read(&place.record()).ok()??.applied?;
        let store = Store::new(place.snapshots());
        let variables = store.object(&store.configuration(&applied).ok()?.variables).ok()?;
        serde_json::from_slice::<Map<String, Value>>(&variables).ok()?.get(REVISION)?.as_u64()
    };
    applied().unwrap_or(0)
}

fn foreign(path: &str, namespace: &str, why: &str) -> Error {
    let message = format!("Nomad's variable {path} in namespace {namespace} {why}");
    let remedy = "remove it there, or give the service another name";
    Error::new(Layer::Nomad, Phase::Preparation, "nomad_variable_foreign", message, remedy)
}
