//! A lock on a local file. It lives as long as any process has its descriptor open.
//!
//! terraform inherits the descriptor: should we die, the lock stays until terraform has ended.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs2::FileExt;
use tokio::time::{Instant, sleep};

use super::Holder;
use crate::disk::open_private;
use crate::error::{Error, Layer, Phase, Result};
use crate::process::Cancel;

/// How often a busy lock is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// File systems on which a lock of this host means nothing to another.
/// Source: `linux/magic.h`: NFS, SMB, CIFS, SMB2, FUSE.
fn is_remote(kind: rustix::fs::FsWord) -> bool {
    [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x6573_5546].contains(&kind)
}

/// A held lock. Dropping it closes our descriptor only: while terraform lives, the lock is its.
#[derive(Debug)]
pub struct Guard {
    file: File,
}

impl Guard {
    /// For terraform to inherit.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Frees the lock, even from children that terraform left behind: call it once terraform is reaped.
    pub fn release(self) {
        // The lock goes with the descriptor if this fails.
        let _ = FileExt::unlock(&self.file);
    }
}

/// Takes the lock, waiting up to `timeout`. The file is never removed: that would let two in.
pub async fn acquire(path: &Path, holder: &Holder, timeout: Duration, cancel: &Cancel) -> Result<Guard> {
    let mut file = open(path)?;
    refuse_remote(path, &file)?;
    // Once more at least: whoever looks who holds it has it for a moment.
    let deadline = Instant::now() + timeout.max(RETRY);
    loop {
        match file.try_lock_exclusive() {
            Ok(()) => break,
            Err(error) if error.kind() != fs2::lock_contended_error().kind() => {
                return Err(Error::file(path, "lock", &error));
            }
            Err(_) if Instant::now() >= deadline => return Err(busy(path, &mut file, timeout)),
            Err(_) => {
                tokio::select! {
                    () = sleep(RETRY) => {}
                    _ = cancel.cancelled() => return Err(cancelled(path)),
                }
            }
        }
    }
    write(&mut file, holder).map_err(|error| Error::file(path, "write", &error))?;
    Ok(Guard { file })
}

/// Who holds the lock now; None where nobody does.
pub fn holder(path: &Path) -> Result<Option<Holder>> {
    // To read alone: whoever asks may stand before a disk that cannot be written to.
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file(path, "open the lock", &error)),
    };
    if FileExt::try_lock_shared(&file).is_ok() {
        let _ = FileExt::unlock(&file);
        return Ok(None);
    }
    Ok(Some(read(&mut file)))
}

fn open(path: &Path) -> Result<File> {
    open_private(path, OpenOptions::new().read(true).write(true))
        .map_err(|error| Error::file(path, "open the lock", &error))
}

fn write(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    let text = serde_json::to_vec_pretty(holder)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

/// Left-over or half-written text tells less; it is never an obstacle.
fn read(file: &mut File) -> Holder {
    let mut text = String::new();
    match file.rewind().and_then(|()| file.read_to_string(&mut text)) {
        Ok(_) => serde_json::from_str(&text).unwrap_or_default(),
        Err(_) => Holder::default(),
    }
}

fn busy(path: &Path, file: &mut File, timeout: Duration) -> Error {
    let holder = read(file);
    let stale = match holder.is_gone() {
        true => format!(
            "; that process is gone: the text is stale, and a child that inherited the lock still holds it (fuser {})",
            path.display()
        ),
        false => String::new(),
    };
    let waited = humantime::format_duration(timeout);
    let message = format!("locked by {holder}{stale}; waited {waited}");
    let remedy = "wait until it ends, or stop it by infrastructure.cancel; infrastructure:settings:lock_timeout says how long to wait";
    Error::new(Layer::Host, Phase::Preparation, "locked", message, remedy)
        .with(serde_json::json!({ "holder": holder, "lock": path }))
}

fn cancelled(path: &Path) -> Error {
    let message = format!("stopped while waiting for the lock {}, as asked", path.display());
    Error::new(Layer::Host, Phase::Preparation, "cancelled", message, "run again to go on")
}

fn refuse_remote(path: &Path, file: &File) -> Result<()> {
    let kind = rustix::fs::fstatfs(file)
        .map_err(|error| Error::file(path, "look at the file system of", &error.into()))?
        .f_type;
    if !is_remote(kind) {
        return Ok(());
    }
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    let message = format!(
        "{} is on a network or FUSE file system: a file lock there may not keep other hosts out",
        folder.display()
    );
    let remedy = "set infrastructure:settings:root to a local file system";
    Err(Error::new(Layer::Host, Phase::Preparation, "lock_remote", message, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_and_fuse_file_systems_are_told_from_local_ones() {
        let (nfs, cifs, fuse) = (0x6969, 0xFF53_4D42, 0x6573_5546);
        assert!([nfs, cifs, fuse].into_iter().all(is_remote));
        let (ext4, xfs, tmpfs, overlay) = (0xEF53, 0x5846_5342, 0x0102_1994, 0x794C_7630);
        assert!(![ext4, xfs, tmpfs, overlay].into_iter().any(is_remote));
    }
}
