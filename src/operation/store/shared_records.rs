//! Records in Consul, for questions that need no session: one request, and a wait for its answer.

use std::collections::BTreeMap;

use super::lock_service::service;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::{ConsulLocks, Holder, LockService};
use crate::model::{Name, Settings};
use crate::operation::runtime::runtime;
use crate::record::{Record, UnfinishedApply};
use crate::shell::quote;
use crate::words::{Words, words};
use crate::workdir::{ComponentPaths, Layout, ensure_lasting};

pub(super) const KEY: &str = "record";

/// This key exists from before an apply's first effect until its record is written, like `applying.json` on its host.
pub(super) const APPLYING: &str = "applying";

/// The last record, for a question that needs no session. None while an apply of another host is unfinished.
pub fn last(
    settings: &Settings,
    environment: &Name,
    component: &Name,
    paths: &ComponentPaths,
) -> Result<Option<Record>> {
    if let LockService::Consul(consul) = service(settings)? {
        let runtime = runtime()?;
        let read = |key| runtime.block_on(consul.read(environment.as_str(), component.as_str(), key));
        if read(APPLYING)?.is_some() {
            return Ok(None);
        }
        if let Some(text) = read(KEY)? {
            return parse(&consul, environment, component, &text).map(Some);
        }
    }
    Record::read(&paths.record())
}

/// Updates this host's copies of the records, for questions that take no lock. Returns the error of each record that
/// cannot be read; a turn of that component meets the same error.
pub fn fetch(settings: &Settings, environment: &Name) -> Result<BTreeMap<Name, Error>> {
    let LockService::Consul(consul) = service(settings)? else { return Ok(BTreeMap::new()) };
    let layout = Layout::new(&settings.root, environment)?;
    let mut torn = BTreeMap::new();
    for (name, text) in runtime()?.block_on(consul.read_all(environment.as_str(), KEY))? {
        let Ok(name) = Name::new(&name) else { continue };
        // The turn of this component refuses the name; other components are not affected.
        let Ok(paths) = layout.component(&name) else { continue };
        ensure_lasting(paths.control())?;
        let record = parse(&consul, environment, &name, &text);
        if let Err(error) = record.and_then(|record| record.write(&paths.record())) {
            torn.insert(name, error);
        }
    }
    Ok(torn)
}

/// The keys in Consul beside the locks of an environment, by component.
#[derive(Default)]
pub struct EnvironmentLocks {
    /// The holder of each lock.
    pub held: BTreeMap<String, Holder>,
    /// The applies that were begun.
    pub applying: BTreeMap<String, Result<UnfinishedApply>>,
}

pub fn environment_locks(settings: &Settings, environment: &Name) -> Result<EnvironmentLocks> {
    let LockService::Consul(consul) = service(settings)? else { return Ok(EnvironmentLocks::default()) };
    let runtime = runtime()?;
    let applying = runtime.block_on(consul.read_all(environment.as_str(), APPLYING))?;
    // The locks are read after the applies: a running apply holds its lock.
    let held = runtime.block_on(consul.list(Some(environment.as_str())))?;
    let applying = applying.into_iter().filter_map(|(name, text)| {
        let component = Name::new(&name).ok()?;
        Some((name, underway(&consul, environment, &component, &text)))
    });
    let held = held.into_iter().map(|held| (held.component, held.holder)).collect();
    Ok(EnvironmentLocks { held, applying: applying.collect() })
}

pub(super) fn parse(
    consul: &ConsulLocks,
    environment: &Name,
    component: &Name,
    text: &[u8],
) -> Result<Record> {
    serde_json::from_slice(text).map_err(|error| {
        let key = consul.key(environment.as_str(), component.as_str(), KEY);
        let remedy = words![
            "check that the component's state is complete, then run ",
            delete(&key),
            "; the next run writes it again from the state"
        ];
        corrupt(component, &key, &error.to_string(), remedy)
    })
}

pub(super) fn underway(
    consul: &ConsulLocks,
    environment: &Name,
    component: &Name,
    text: &[u8],
) -> Result<UnfinishedApply> {
    let read = serde_json::from_slice::<UnfinishedApply>(text).map_err(|error| error.to_string());
    let named = read.and_then(|read| match read.run_id.is_empty() {
        true => Err("it does not name a run".to_owned()),
        false => Ok(read),
    });
    named.map_err(|reason| {
        let key = consul.key(environment.as_str(), component.as_str(), APPLYING);
        let remedy = words![
            "an apply was interrupted. Compare the existing resources with the state, then run ",
            delete(&key)
        ];
        corrupt(component, &key, &reason, remedy)
    })
}

fn delete(key: &str) -> Words {
    Words::shell(format!("consul kv delete {}", quote(key)))
}

fn corrupt(component: &Name, key: &str, reason: &str, remedy: Words) -> Error {
    let message = format!("the value of {key} in Consul is damaged, or Eos did not write it: {reason}");
    Error::new(Layer::Host, Phase::Preparation, Code::RecordCorrupt, message, remedy).of(component)
}
