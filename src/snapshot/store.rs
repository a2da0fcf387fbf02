//! One component's snapshots and objects: `{snapshot_id}.json` and `objects/{sha256}`, 0600 in 0700.
//!
//! An existing object is not written again, so it is complete: its data is synced before it gets its name. The names are
//! synced before something relies on them. Each digest is verified when the object is read.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ulid::Ulid;

use super::{Configuration, SCHEMA, Snapshot};
use crate::command_line::command;
use crate::digest::sha256;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::words::{Words, words};
use crate::workdir::{ensure_private, ids, next_id, read, sync_folder, write_whole};

#[derive(Clone, Debug)]
pub struct SnapshotStore {
    folder: PathBuf,
}

impl SnapshotStore {
    /// Opens the store in a component's `snapshots` folder. The folder need not exist.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    /// Creates the folders.
    pub fn open(&self) -> Result<()> {
        ensure_private(&self.objects())
    }

    /// Removes files that a killed process was still writing.
    pub fn sweep_unfinished(&self) {
        crate::workdir::sweep_unfinished(&self.objects());
    }

    /// Writes an object if it does not exist yet. Returns its digest.
    pub fn put(&self, bytes: &[u8]) -> Result<String> {
        let digest = sha256(bytes);
        self.put_as(&digest, || Ok(Cow::Borrowed(bytes)))?;
        Ok(digest)
    }

    pub(super) fn put_as<'a>(
        &self,
        digest: &str,
        bytes: impl FnOnce() -> Result<Cow<'a, [u8]>>,
    ) -> Result<()> {
        if self.has(digest) {
            return Ok(());
        }
        write_whole(&self.objects().join(digest), &bytes()?)
    }

    /// Everything that was written survives a power failure when this returns, if the folder of the store does.
    pub fn sync(&self) -> Result<()> {
        sync_folder(&self.objects())?;
        sync_folder(&self.folder)
    }

    /// In 0.2.0 and earlier, a power failure might leave an empty file in place of an object. Such a file
    /// does not count.
    pub fn has(&self, digest: &str) -> bool {
        let found = self.objects().join(digest).metadata();
        found.is_ok_and(|metadata| metadata.len() > 0 || digest == sha256(""))
    }

    /// The file of an object.
    pub fn place(&self, digest: &str) -> PathBuf {
        self.objects().join(digest)
    }

    /// Reads and verifies an object. Error codes: `snapshot_incomplete`, `snapshot_corrupt`.
    pub fn object(&self, digest: &str) -> Result<Vec<u8>> {
        let path = self.objects().join(digest);
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes = if is_digest { read(&path)? } else { None };
        let Some(bytes) = bytes else {
            let message = format!("an object of this component's snapshots is missing: {}", path.display());
            let remedy = "restore it from a backup; without it Eos cannot roll back to the snapshots that \
                          need it";
            return Err(refused(Code::SnapshotIncomplete, message, remedy));
        };
        match sha256(&bytes) == digest {
            true => Ok(bytes),
            false => Err(corrupt(&path, "its content has changed")),
        }
    }

    /// Reads a configuration by its digest. Error codes: those of [`Self::object`].
    pub fn configuration(&self, digest: &str) -> Result<Configuration> {
        let bytes = self.object(digest)?;
        Configuration::parse(&bytes).map_err(|reason| corrupt(&self.objects().join(digest), &reason))
    }

    /// Digests of missing objects that this configuration needs, including itself. If the configuration itself is
    /// missing, its other objects are not known yet.
    pub fn lacks(&self, digest: &str) -> Result<Vec<String>> {
        if !self.has(digest) {
            return Ok(vec![digest.to_owned()]);
        }
        let configuration = self.configuration(digest)?;
        Ok(configuration.objects().into_iter().filter(|one| !self.has(one)).map(str::to_owned).collect())
    }

    /// The id for the next snapshot. It sorts after all existing ids.
    pub fn next_id(&self) -> String {
        next_id(ids(&self.folder)).to_string()
    }

    pub fn write(&self, snapshot: &Snapshot) -> Result<()> {
        let path = self.file(&snapshot.snapshot_id);
        let snapshot = Snapshot { schema: SCHEMA, ..snapshot.clone() };
        let bytes = serde_json::to_vec_pretty(&snapshot)
            .map_err(|error| Error::file(&path, "write", error.into()))?;
        write_whole(&path, &bytes)
    }

    /// Error codes: `no_such_snapshot`, `snapshot_corrupt`.
    pub fn read(&self, snapshot_id: &str) -> Result<Snapshot> {
        let path = self.file(snapshot_id);
        let bytes = if Ulid::from_string(snapshot_id).is_ok() { read(&path)? } else { None };
        let Some(bytes) = bytes else {
            let message = format!("this component has no snapshot {snapshot_id:?}");
            let remedy = words![command("snapshots").here(), " lists the snapshots; Eos removes old ones"];
            return Err(refused(Code::NoSuchSnapshot, message, remedy));
        };
        let snapshot: Snapshot =
            serde_json::from_slice(&bytes).map_err(|error| corrupt(&path, &error.to_string()))?;
        match (snapshot.schema, snapshot.snapshot_id == snapshot_id) {
            (SCHEMA, true) => Ok(snapshot),
            (SCHEMA, false) => Err(corrupt(&path, "it belongs to another snapshot")),
            (other, _) => Err(corrupt(&path, &format!("its schema is {other}, not {SCHEMA}"))),
        }
    }

    /// The ids of all snapshots, the newest first. Empty if there never was a snapshot.
    pub fn list(&self) -> Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::file(&self.folder, "read the folder", error)),
        };
        let id = |entry: std::fs::DirEntry| {
            let id = entry.file_name().to_str()?.strip_suffix(".json")?.to_owned();
            Ulid::from_string(&id).is_ok().then_some(id)
        };
        let mut ids: Vec<_> = entries.flatten().filter_map(id).collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }

    /// The configuration of the last apply, for a component that was never applied completely.
    pub fn tried(&self) -> Option<String> {
        let snapshots = self.list().ok()?.into_iter().filter_map(|id| self.read(&id).ok());
        snapshots
            .filter(|snapshot| !snapshot.destroy)
            .map(|snapshot| snapshot.next)
            .find(|next| !next.is_empty())
    }

    pub(super) fn file(&self, snapshot_id: &str) -> PathBuf {
        self.folder.join(format!("{snapshot_id}.json"))
    }
}

/// The age of a snapshot, computed from its id.
pub(super) fn age(snapshot_id: &str, now: SystemTime) -> Duration {
    let taken = Ulid::from_string(snapshot_id).map(|id| id.timestamp_ms()).unwrap_or_default();
    let taken = SystemTime::UNIX_EPOCH + Duration::from_millis(taken);
    now.duration_since(taken).unwrap_or_default()
}

fn refused(code: Code, message: String, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Host, Phase::Preparation, code, message, remedy)
}

fn corrupt(path: &Path, reason: &str) -> Error {
    let message = format!("{} cannot be used: {reason}", path.display());
    let remedy =
        "restore it from a backup, or remove it; the next apply of that configuration writes it again";
    refused(Code::SnapshotCorrupt, message, remedy)
}
