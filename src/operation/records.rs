//! The record of a component, kept where its lock is: beside the workdir, or with Consul's key.

use std::collections::BTreeMap;

use super::blocking::blocking;
use super::invoke::Invoker;
use super::session::Session;
use super::{inputs, pump, shared as configurations};
use crate::error::{Error, Layer, Phase, Result};
use crate::lock::{Consul, Holder, Service};
use crate::model::{Component, Name, Settings};
use crate::record::{Record, Underway};
use crate::workdir::{Layout, Place, ensure_private};

const KEY: &str = "record";
/// There from before an apply's first effect until its record is written, as `applying.json` is on its host.
const APPLYING: &str = "applying";

/// The record of the last run, on whichever host that was. An error where the state is a file of another host.
pub async fn read(session: &Session, component: &Component, place: &Place) -> Result<Option<Record>> {
    let own = Record::read(&place.record())?;
    let Some(record) = shared(session, &component.name).await? else { return Ok(own) };
    refuse_elsewhere(component, &record)?;
    Ok(Some(record))
}

/// The same for a question, which reads the state that is here.
pub async fn latest(session: &Session, component: &Name, place: &Place) -> Result<Option<Record>> {
    match shared(session, component).await? {
        Some(record) => Ok(Some(record)),
        None => Record::read(&place.record()),
    }
}

/// The one in Consul. None where the locks are files, and where the last run was before they were in Consul.
async fn shared(session: &Session, component: &Name) -> Result<Option<Record>> {
    let Service::Consul(consul) = &*session.locks else { return Ok(None) };
    let environment = &session.blueprint.environment;
    let text = consul.read(environment.as_str(), component.as_str(), KEY).await?;
    text.map(|text| parse(consul, environment, component, &text)).transpose()
}

/// Tells other hosts that an apply begins; what it may leave is on this one.
pub async fn begin(invoker: &Invoker<'_>, underway: &Underway) -> Result<()> {
    let Some(consul) = invoker.lock.and_then(|lock| lock.consul()) else { return Ok(()) };
    let told = Underway { suspects: Vec::new(), backend: String::new(), ..underway.clone() };
    consul.write(APPLYING, &serde_json::to_vec(&told).unwrap_or_default()).await
}

/// The apply that another host, or another root, began, and nobody has recorded since.
pub async fn elsewhere(invoker: &Invoker<'_>) -> Result<Option<Underway>> {
    let Service::Consul(consul) = &*invoker.session.locks else { return Ok(None) };
    let (environment, name) = (&invoker.session.blueprint.environment, &invoker.component.name);
    let Some(text) = consul.read(environment.as_str(), name.as_str(), APPLYING).await? else {
        return Ok(None);
    };
    let underway = underway(consul, environment, name, &text)?;
    let is_ours = underway.host == Holder::here().host && underway.cwd.starts_with(&invoker.place.workdir);
    Ok((!is_ours).then_some(underway))
}

/// The last record, for a question that needs no session; none while an apply of another host is unfinished.
pub fn last(
    settings: &Settings,
    environment: &Name,
    component: &Name,
    place: &Place,
) -> Result<Option<Record>> {
    if let Service::Consul(consul) = service(settings)? {
        let runtime = pump::runtime()?;
        let read = |key| runtime.block_on(consul.read(environment.as_str(), component.as_str(), key));
        if read(APPLYING)?.is_some() {
            return Ok(None);
        }
        if let Some(text) = read(KEY)? {
            return parse(&consul, environment, component, &text).map(Some);
        }
    }
    Record::read(&place.record())
}

/// Brings this host's copies up to what other hosts did, for questions that take no lock. Returns what is wrong with
/// those that cannot be had; a turn of such a component meets it again.
pub fn fetch(settings: &Settings, environment: &Name) -> Result<BTreeMap<Name, Error>> {
    let Service::Consul(consul) = service(settings)? else { return Ok(BTreeMap::new()) };
    let layout = Layout::new(&settings.root, environment)?;
    let mut torn = BTreeMap::new();
    for (name, text) in pump::runtime()?.block_on(consul.read_all(environment.as_str(), KEY))? {
        let Ok(name) = Name::new(&name) else { continue };
        // Its own turn refuses it; the others have theirs.
        let Ok(place) = layout.place(&name) else { continue };
        ensure_private(place.control())?;
        let record = parse(&consul, environment, &name, &text);
        if let Err(error) = record.and_then(|record| record.write(&place.record())) {
            torn.insert(name, error);
        }
    }
    Ok(torn)
}

/// What Consul holds beside the locks of an environment, by component.
#[derive(Default)]
pub struct BesideLocks {
    /// Who holds the lock.
    pub held: BTreeMap<String, Holder>,
    /// Whose apply was begun.
    pub applying: BTreeMap<String, Result<Underway>>,
}

pub fn beside_locks(settings: &Settings, environment: &Name) -> Result<BesideLocks> {
    let Service::Consul(consul) = service(settings)? else { return Ok(BesideLocks::default()) };
    let runtime = pump::runtime()?;
    let applying = runtime.block_on(consul.read_all(environment.as_str(), APPLYING))?;
    // Read after it: an apply that is under way holds its lock.
    let held = runtime.block_on(consul.list(Some(environment.as_str())))?;
    let applying = applying.into_iter().filter_map(|(name, text)| {
        let component = Name::new(&name).ok()?;
        Some((name, underway(&consul, environment, &component, &text)))
    });
    let held = held.into_iter().map(|held| (held.component, held.holder)).collect();
    Ok(BesideLocks { held, applying: applying.collect() })
}

/// The service that the settings name, with the token that they refer to.
pub fn service(settings: &Settings) -> Result<Service> {
    let token = settings.lock.token().map(inputs::read).transpose()?;
    Service::open(&settings.lock, token)
}

fn parse(consul: &Consul, environment: &Name, component: &Name, text: &[u8]) -> Result<Record> {
    serde_json::from_slice(text).map_err(|error| {
        let key = consul.key(environment.as_str(), component.as_str(), KEY);
        let remedy = format!(
            "see that the component's state is whole, then `consul kv delete {key}`: the next run makes it anew from \
             the state"
        );
        corrupt(component, &key, &error.to_string(), remedy)
    })
}

fn underway(consul: &Consul, environment: &Name, component: &Name, text: &[u8]) -> Result<Underway> {
    let read = serde_json::from_slice::<Underway>(text).map_err(|error| error.to_string());
    let named = read.and_then(|read| match read.run_id.is_empty() {
        true => Err("it names no run".to_owned()),
        false => Ok(read),
    });
    named.map_err(|reason| {
        let key = consul.key(environment.as_str(), component.as_str(), APPLYING);
        let remedy = format!(
            "an apply was cut off: compare the resources that exist with the state, then `consul kv delete {key}`"
        );
        corrupt(component, &key, &reason, remedy)
    })
}

fn corrupt(component: &Name, key: &str, reason: &str, remedy: String) -> Error {
    let message = format!("what Consul holds in {key} is not as Eos wrote it: {reason}");
    Error::new(Layer::Host, Phase::Preparation, "record_corrupt", message, remedy).of(component)
}

/// Writes it, where a lock of Consul's is held only while it still is.
pub async fn write(invoker: &Invoker<'_>, record: Record) -> Result<()> {
    if let Some(consul) = invoker.lock.and_then(|lock| lock.consul()) {
        configurations::put(invoker, consul, &record).await;
        let text = serde_json::to_vec(&record).unwrap_or_default();
        let written = consul.replace(APPLYING, KEY, &text).await;
        written.map_err(|error| error.during(Phase::Verification))?;
        configurations::tidy(invoker, consul, &record).await;
    }
    let path = invoker.place.record();
    blocking(move || record.write(&path)).await
}

/// A lock that spans hosts does not bring a local state from one to the other.
fn refuse_elsewhere(component: &Component, record: &Record) -> Result<()> {
    let here = Holder::here().host;
    if !component.backend.is_local() || record.resources == 0 || record.host == here {
        return Ok(());
    }
    let message = format!(
        "its state is a file on {}, with {} resource(s); this is {here}, where everything would be created again",
        record.host, record.resources
    );
    let remedy = format!("run it on {}, or give it a backend there that both hosts reach", record.host);
    Err(Error::new(Layer::Host, Phase::Preparation, "state_elsewhere", message, remedy))
}
