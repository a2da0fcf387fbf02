//! The last applied configuration of a component, in Consul beside its lock: another master can roll back to it too.
//!
//! Configurations and their parts, never a state: a state contains secrets.

use std::collections::BTreeSet;

use crate::digest::sha256;
use crate::error::Result;
use crate::lock::{LockService, consul};
use crate::model::Name;
use crate::record::Record;
use crate::snapshot::SnapshotStore;
use crate::workdir::ComponentPaths;

/// Consul takes values of up to 512 KiB.
const LARGEST: usize = 500 * 1024;

/// Copies here what another master applied. A failure is only reported: only a rollback needs the copy.
pub async fn download(
    locks: &LockService,
    environment: &Name,
    name: &Name,
    store: &SnapshotStore,
    digest: &str,
) {
    match fetch(locks, environment, name, store, digest).await {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => tracing::warn!(
            "{name}: the configuration {digest}, applied by another host, is incomplete here; missing in \
             Consul: {}",
            missing.join(", ")
        ),
        Err(error) => {
            tracing::warn!("{name}: the configuration {digest} could not be read from Consul: {error}")
        }
    }
}

/// Returns what is still missing.
async fn fetch(
    locks: &LockService,
    environment: &Name,
    name: &Name,
    store: &SnapshotStore,
    digest: &str,
) -> Result<Vec<String>> {
    let LockService::Consul(consul) = locks else { return Ok(Vec::new()) };
    let mut absent = BTreeSet::new();
    loop {
        let lacking = store.lacks(digest)?;
        let Some(next) = lacking.iter().find(|one| !absent.contains(*one)) else { return Ok(lacking) };
        store.open()?;
        match consul.object(environment.as_str(), name.as_str(), next).await? {
            Some(bytes) if sha256(&bytes) == *next => drop(store.put(&bytes)?),
            _ => drop(absent.insert(next.clone())),
        }
    }
}

/// Copies to Consul what is not there yet. A failure is only reported: this host still has it.
pub(super) async fn upload(
    guard: &consul::ConsulLockGuard,
    name: &Name,
    paths: &ComponentPaths,
    record: &Record,
) {
    let store = SnapshotStore::new(paths.snapshots());
    let shared = async {
        let stored = guard.objects().await?;
        // A configuration that is incomplete here was copied to Consul by the master that applied it.
        let whole = record
            .configurations()
            .into_iter()
            .filter(|digest| store.lacks(digest).is_ok_and(|lacking| lacking.is_empty()));
        for digest in needed(&store, whole)?.difference(&stored) {
            let bytes = store.object(digest)?;
            match bytes.len() <= LARGEST {
                true => guard.put_object(digest, bytes).await?,
                false => tracing::warn!(
                    "{name}: {digest} ({} KiB) is too large for Consul: only this host can roll back to a \
                     configuration that needs it",
                    bytes.len() / 1024
                ),
            }
        }
        Ok::<_, crate::error::Error>(())
    };
    if let Err(error) = shared.await {
        tracing::warn!("{name}: other hosts cannot roll back to the configuration of this run: {error}");
    }
}

/// Removes from Consul what the record no longer needs.
pub(super) async fn remove_unused(
    guard: &consul::ConsulLockGuard,
    name: &Name,
    paths: &ComponentPaths,
    record: &Record,
) {
    let store = SnapshotStore::new(paths.snapshots());
    let tidied = async {
        let needed = needed(&store, record.configurations().into_iter())?;
        let surplus: Vec<_> = guard.objects().await?.difference(&needed).cloned().collect();
        guard.remove_objects(&surplus).await
    };
    if let Err(error) = tidied.await {
        tracing::warn!("{name}: unused configurations could not be removed from Consul: {error}");
    }
}

/// These configurations, and all their parts.
fn needed<'a>(
    store: &SnapshotStore,
    configurations: impl Iterator<Item = &'a str>,
) -> Result<BTreeSet<String>> {
    let mut needed = BTreeSet::new();
    for digest in configurations {
        let configuration = store.configuration(digest)?;
        needed.extend(configuration.objects().into_iter().map(str::to_owned));
        needed.insert(digest.to_owned());
    }
    Ok(needed)
}
