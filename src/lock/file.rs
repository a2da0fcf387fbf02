//! A lock on a local file. It is held as long as any process has its descriptor open.
//!
//! If Eos dies, the guardian keeps the descriptor open until terraform has exited. If the guardian dies too, the file's
//! text names terraform, and the lock counts as held while that process runs. Terraform itself never has the
//! descriptor: its providers and provisioners would inherit it, and could free the lock.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs2::FileExt;
use tokio::time::{Instant, sleep};

use super::holder::Holder;
use super::waiting::Waiting;
use crate::disk::open_private;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::process::{self, Cancel, ProcessText};
use crate::words::{Words, words};

/// Time between two attempts to take a busy lock.
const RETRY: Duration = Duration::from_millis(20);

/// A shorter wait is not reported. A process that asks for the holder has the lock for less time.
const REPORTED: Duration = Duration::from_millis(200);

/// File systems on which a lock of this host does not bind other hosts.
/// Source: `linux/magic.h`: NFS, SMB, CIFS, SMB2, FUSE.
fn is_remote(kind: rustix::fs::FsWord) -> bool {
    [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x6573_5546].contains(&kind)
}

/// Whether a folder is on such a file system. False if that is not known.
pub fn is_on_remote(folder: &Path) -> bool {
    rustix::fs::statfs(folder).is_ok_and(|found| is_remote(found.f_type))
}

/// A held lock. Dropping it closes only Eos's descriptor: the guardian keeps the lock while terraform runs.
#[derive(Debug)]
pub struct FileLockGuard {
    file: File,
    naming_terraform: ProcessText,
}

impl FileLockGuard {
    /// The lock as a terraform needs it that is started while the lock is held.
    pub fn of_terraform(&self) -> process::InheritedLock<'_> {
        process::InheritedLock { file: self.file.as_fd(), text: &self.naming_terraform }
    }

    /// Releases the lock. Call it only after terraform is reaped.
    pub fn release(self) {
        // If this fails, closing the descriptor releases the lock.
        let _ = FileExt::unlock(&self.file);
    }
}

/// Takes the lock. Waits up to `timeout`. The file is never removed, because then two processes could hold the lock.
pub async fn acquire(
    path: &Path,
    holder: &Holder,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<FileLockGuard> {
    acquire_reporting(path, holder, timeout, cancel, &mut Waiting::new(&|_| {})).await
}

/// The same, and reports for whom it waits.
pub async fn acquire_reporting(
    path: &Path,
    holder: &Holder,
    timeout: Duration,
    cancel: &Cancel,
    waiting: &mut Waiting<'_>,
) -> Result<FileLockGuard> {
    let mut file = open(path)?;
    refuse_remote(path, &file)?;
    let began = Instant::now();
    // Tries at least twice, because a process that asks for the holder has the lock for a moment.
    let deadline = began + timeout.max(RETRY);
    while !take(&mut file).map_err(|error| Error::file(path, "lock", error))? {
        if Instant::now() >= deadline {
            return Err(busy(path, &mut file, timeout));
        }
        if began.elapsed() >= REPORTED {
            waiting.on(read(&mut file));
        }
        tokio::select! {
            () = sleep(RETRY) => {}
            _ = cancel.cancelled() => return Err(cancelled(path)),
        }
    }
    let unwritable = |error| Error::file(path, "write", error);
    write(&mut file, holder).map_err(unwritable)?;
    let naming_terraform = holder.naming_terraform().map_err(|error| unwritable(error.into()))?;
    Ok(FileLockGuard { file, naming_terraform })
}

/// Takes the lock, or fails if somebody holds it.
pub async fn acquire_now(path: &Path, holder: &Holder) -> Result<FileLockGuard> {
    acquire(path, holder, Duration::ZERO, &Cancel::new()).await
}

/// Tries to take the lock; true if Eos holds it now. A terraform that outlived its Eos and its guardian keeps the lock,
/// although no process has the file open.
fn take(file: &mut File) -> std::io::Result<bool> {
    match file.try_lock_exclusive() {
        Ok(()) if read(file).running().is_none() => Ok(true),
        Ok(()) => FileExt::unlock(file).map(|()| false),
        Err(error) if error.kind() == fs2::lock_contended_error().kind() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns the present holder; None if nobody holds the lock.
pub fn holder(path: &Path) -> Result<Option<Holder>> {
    // Opens the file only for reading, because the disk may be read-only.
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file(path, "open the lock", error)),
    };
    let is_free = FileExt::try_lock_shared(&file).is_ok();
    let holder = read(&mut file);
    Ok(Some(holder).filter(|holder| !is_free || holder.running().is_some()))
}

fn open(path: &Path) -> Result<File> {
    open_private(path, OpenOptions::new().read(true).write(true))
        .map_err(|error| Error::file(path, "open the lock", error))
}

fn write(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    let text = serde_json::to_vec_pretty(holder)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

/// Reads the holder. Old or incomplete text gives less information, but never an error.
fn read(file: &mut File) -> Holder {
    let mut text = String::new();
    match file.rewind().and_then(|()| file.read_to_string(&mut text)) {
        Ok(_) => serde_json::from_str(&text).unwrap_or_default(),
        Err(_) => Holder::default(),
    }
}

fn busy(path: &Path, file: &mut File, timeout: Duration) -> Error {
    let holder = read(file);
    let waited = humantime::format_duration(timeout);
    let patience = "infrastructure:settings:lock_timeout sets how long to wait";
    let (stale, remedy) = match (holder.is_gone(), holder.running()) {
        (false, _) => (
            String::new(),
            words!["wait until it ends, or stop it with ", holder.cancelled_by(), "; ", patience],
        ),
        (true, Some(terraform)) => {
            let pid = terraform.pid;
            let stale = format!(
                "; that process has ended (this information is old), but its terraform, process {pid}, still \
                 runs"
            );
            (
                stale,
                Words::own(format!("wait until process {pid} ends, or stop it: kill -INT {pid}; {patience}")),
            )
        }
        (true, None) => {
            let stale =
                "; that process has ended (this information is old), and its guardian still holds the lock"
                    .to_owned();
            (stale, words!["wait until the guardian has ended terraform's processes; ", patience])
        }
    };
    let holds = match stale.is_empty() {
        true => String::new(),
        false => format!("; `fuser {}` shows the process that has the file open", path.display()),
    };
    let message = Words::own(format!("locked by {holder}{stale}{holds}; waited {waited}"));
    Error::new(Layer::Host, Phase::Preparation, Code::Locked, message, remedy)
        .with(serde_json::json!({ "holder": holder, "lock": path }))
}

fn cancelled(path: &Path) -> Error {
    let message = format!("stopped on request while waiting for the lock {}", path.display());
    Error::new(Layer::Host, Phase::Preparation, Code::Cancelled, message, "run again to continue")
}

fn refuse_remote(path: &Path, file: &File) -> Result<()> {
    let kind = rustix::fs::fstatfs(file)
        .map_err(|error| Error::file(path, "check the file system of", error.into()))?
        .f_type;
    if !is_remote(kind) {
        return Ok(());
    }
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    let message = format!(
        "{} is on a network or FUSE file system: a file lock there may not exclude other hosts",
        folder.display()
    );
    let remedy = "set infrastructure:settings:root to a local file system";
    Err(Error::new(Layer::Host, Phase::Preparation, Code::LockRemote, message, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_and_fuse_file_systems_are_distinguished_from_local_ones() {
        let (nfs, cifs, fuse) = (0x6969, 0xFF53_4D42, 0x6573_5546);
        assert!([nfs, cifs, fuse].into_iter().all(is_remote));
        let (ext4, xfs, tmpfs, overlay) = (0xEF53, 0x5846_5342, 0x0102_1994, 0x794C_7630);
        assert!(![ext4, xfs, tmpfs, overlay].into_iter().any(is_remote));
    }
}
