//! The record of a component, stored beside its lock: in its workdir, or in Consul.

use super::configurations;
use super::shared_records::{APPLYING, KEY, parse, underway};
use crate::count::counted;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::{Holder, LockGuard, LockService};
use crate::model::{Component, Name};
use crate::operation::runtime::blocking;
use crate::record::{Record, UnfinishedApply};
use crate::report::Warning;
use crate::workdir::ComponentPaths;

/// The records of an environment, read from where its locks are.
#[derive(Clone, Copy)]
pub struct Records<'a> {
    pub locks: &'a LockService,
    pub environment: &'a Name,
}

impl Records<'_> {
    /// The record of the last run, on any host. An error if the state is a file on another host.
    pub async fn read(&self, component: &Component, paths: &ComponentPaths) -> Result<Option<Record>> {
        let own = Record::read(&paths.record())?;
        let Some(record) = self.shared(&component.name).await? else { return Ok(own) };
        refuse_elsewhere(component, &record)?;
        Ok(Some(record))
    }

    /// The same for a question, which reads the state on this host.
    pub async fn latest(&self, component: &Name, paths: &ComponentPaths) -> Result<Option<Record>> {
        match self.shared(component).await? {
            Some(record) => Ok(Some(record)),
            None => Record::read(&paths.record()),
        }
    }

    /// The record in Consul. None if the locks are files, or if the last run was before they were in Consul.
    async fn shared(&self, component: &Name) -> Result<Option<Record>> {
        let LockService::Consul(consul) = self.locks else { return Ok(None) };
        let text = consul.read(self.environment.as_str(), component.as_str(), KEY).await?;
        text.map(|text| parse(consul, self.environment, component, &text)).transpose()
    }

    /// An apply that another host, or another root, began and that no record has ended since.
    pub async fn elsewhere(
        &self,
        component: &Name,
        paths: &ComponentPaths,
    ) -> Result<Option<UnfinishedApply>> {
        let LockService::Consul(consul) = self.locks else { return Ok(None) };
        let Some(text) = consul.read(self.environment.as_str(), component.as_str(), APPLYING).await? else {
            return Ok(None);
        };
        let unfinished = underway(consul, self.environment, component, &text)?;
        let is_ours = unfinished.host == Holder::here().host && unfinished.cwd.starts_with(&paths.workdir);
        Ok((!is_ours).then_some(unfinished))
    }
}

/// Tells other hosts that an apply begins. The files of that apply are on this host.
pub async fn begin(lock: Option<&LockGuard>, unfinished: &UnfinishedApply) -> Result<()> {
    let Some(consul) = lock.and_then(LockGuard::consul) else { return Ok(()) };
    let published = UnfinishedApply {
        planned: Vec::new(),
        suspects: Vec::new(),
        backend: String::new(),
        ..unfinished.clone()
    };
    consul.write(APPLYING, &serde_json::to_vec(&published).unwrap_or_default()).await
}

/// Tells other hosts that this apply did not begin.
pub async fn withdraw(lock: Option<&LockGuard>) -> Result<()> {
    match lock.and_then(LockGuard::consul) {
        Some(consul) => consul.remove(APPLYING).await,
        None => Ok(()),
    }
}

/// Writes the record. With a lock in Consul, it is written only while the lock is held.
pub async fn write(
    lock: Option<&LockGuard>,
    component: &Name,
    paths: &ComponentPaths,
    record: Record,
) -> Result<()> {
    if let Some(consul) = lock.and_then(LockGuard::consul) {
        configurations::upload(consul, component, paths, &record).await;
        let text = serde_json::to_vec(&record).unwrap_or_default();
        let written = consul.replace(APPLYING, KEY, &text).await;
        written.map_err(|error| error.during(Phase::Verification))?;
        configurations::remove_unused(consul, component, paths, &record).await;
    }
    let path = paths.record();
    blocking(move || record.write(&path)).await
}

/// Replaces the warnings in the record. What another host has noted about an unfinished apply stays.
pub async fn write_warnings(
    lock: &LockGuard,
    paths: &ComponentPaths,
    record: Record,
    warnings: Vec<Warning>,
) -> Result<()> {
    let record = Record { warnings, ..record };
    if let Some(consul) = lock.consul() {
        consul.write(KEY, &serde_json::to_vec(&record).unwrap_or_default()).await?;
    }
    let path = paths.record();
    blocking(move || record.write(&path)).await
}

/// A lock that spans hosts does not copy a local state from one host to another.
fn refuse_elsewhere(component: &Component, record: &Record) -> Result<()> {
    let here = Holder::here().host;
    if !component.backend.is_local() || record.resources == 0 || record.host == here {
        return Ok(());
    }
    let message = format!(
        "its state is a file on {}, with {}; here, on {here}, everything would be created again",
        record.host,
        counted(record.resources, "resource")
    );
    let remedy =
        format!("run it on {}, or move its state there to a backend that both hosts can reach", record.host);
    Err(Error::new(Layer::Host, Phase::Preparation, Code::StateElsewhere, message, remedy))
}
