//! Deletes old snapshots, and then the objects that no snapshot needs any longer.

use std::collections::BTreeSet;
use std::fs;
use std::time::SystemTime;

use super::SnapshotStore;
use super::store::age;
use crate::decide::{Aged, surplus};
use crate::error::{Code, Error, Result};
use crate::workdir::remove;

impl SnapshotStore {
    /// The caller must hold the component's lock. `protected` are configurations that are kept, with all their objects.
    pub fn prune(&self, protected: &[&str], now: SystemTime) -> Result<()> {
        let mut ids = self.list()?;
        // An unreadable snapshot is judged by its age, like all others.
        let configurations: Vec<_> =
            ids.iter().map(|id| self.read(id).ok().and_then(|one| one.configuration)).collect();
        let aged: Vec<_> = ids
            .iter()
            .zip(&configurations)
            .map(|(id, configuration)| Aged { age: age(id, now), configuration: configuration.as_deref() })
            .collect();
        let gone = surplus(&aged, protected);
        if gone.is_empty() {
            return Ok(());
        }
        for position in gone.into_iter().rev() {
            remove(&self.file(&ids.remove(position)))?;
        }
        self.sweep(&ids, protected)
    }

    /// Removes each object that none of these snapshots and configurations needs.
    fn sweep(&self, ids: &[String], protected: &[&str]) -> Result<()> {
        let mut configurations: BTreeSet<String> = protected.iter().map(ToString::to_string).collect();
        let mut needed = BTreeSet::new();
        for snapshot in ids.iter().filter_map(|id| self.read(id).ok()) {
            configurations.insert(snapshot.next);
            configurations.extend(snapshot.configuration);
            needed.extend(snapshot.state);
        }
        for digest in configurations {
            match self.configuration(&digest) {
                Ok(configuration) => needed.extend(configuration.objects().into_iter().map(str::to_owned)),
                // Its parts cannot be determined, so it is of no use.
                Err(error) if [Code::SnapshotIncomplete, Code::SnapshotCorrupt].contains(&error.code) => {}
                Err(error) => return Err(error),
            }
            needed.insert(digest);
        }
        let folder = self.objects();
        let refuse = |error| Error::file(&folder, "read the folder", error);
        for entry in fs::read_dir(&folder).map_err(refuse)? {
            let entry = entry.map_err(refuse)?;
            if !needed.contains(&*entry.file_name().to_string_lossy()) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}
