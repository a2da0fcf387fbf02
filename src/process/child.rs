//! A child process: its files and descriptors, its exit, and the signals that Eos sends to it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs::FallocateFlags;
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, waitpid};
use tokio::time::sleep;

use super::command::Command;
use super::guardian::Guardian;
use super::pidfd::PidFd;
use super::spawn::spawn;
use crate::disk::open_private;
use crate::error::{Code, Error, Layer, Phase, Result, open_files};

/// Time between two looks for the child's exit, if no pidfd can report it.
const LOOK: Duration = Duration::from_millis(10);

/// A running child that must be waited for.
pub struct Child {
    pub pid: Pid,
    /// None on Linux before 5.3.
    ended: Option<PidFd>,
}

impl Child {
    /// Starts the child with these three descriptors and no others.
    pub fn start(
        command: &Command<'_>,
        guardian: &Guardian,
        stop_grace: Duration,
        (stdin, stdout, stderr): (OwnedFd, File, File),
    ) -> Result<Self> {
        let streams = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
        let pid = spawn(command, guardian, stop_grace, streams).map_err(|error| refused(command, error))?;
        Ok(Self { pid, ended: PidFd::open(pid) })
    }

    /// Waits for the child's exit and returns its status once. Before that, the future may be dropped and called again.
    pub async fn wait(&self) -> io::Result<WaitStatus> {
        loop {
            if let Some((_, status)) = retry_on_intr(|| waitpid(Some(self.pid), WaitOptions::NOHANG))? {
                return Ok(status);
            }
            match &self.ended {
                Some(pidfd) => pidfd.ended().await?,
                None => sleep(LOOK).await,
            }
        }
    }
}

/// Makes an empty file that only its owner can read, and reserves `room` bytes on the disk.
/// A file system that cannot reserve space is accepted.
pub fn private(path: &Path, room: u64) -> Result<File> {
    let refuse = |error: io::Error| Error::file(path, "write", error);
    let file = open_private(path, OpenOptions::new().write(true).truncate(true)).map_err(refuse)?;
    match rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, room) {
        Err(full @ (Errno::NOSPC | Errno::DQUOT)) => Err(refuse(full.into())),
        _ => Ok(file),
    }
}

/// Frees the disk space that was reserved beyond the file's end.
pub fn give_back(path: &Path) {
    if let Ok(file) = OpenOptions::new().write(true).open(path)
        && let Ok(meta) = file.metadata()
    {
        let _ = file.set_len(meta.len());
    }
}

pub fn refused(command: &Command<'_>, source: io::Error) -> Error {
    // exec reports a missing program and a missing folder by the same text.
    if source.kind() == io::ErrorKind::NotFound && !command.cwd.is_dir() {
        return Error::file(&command.cwd, "start a program in", source);
    }
    if open_files::are_too_many(&source) {
        return open_files::error(&format!("start {}", command.program.display()), source);
    }
    let scarce = [Errno::AGAIN, Errno::NOMEM];
    let (code, remedy) = match source.kind() {
        io::ErrorKind::NotFound => {
            (Code::TerraformMissing, "install it, or set infrastructure:settings:terraform:binary")
        }
        io::ErrorKind::PermissionDenied => {
            (Code::TerraformNotExecutable, "make it executable for the user that runs Salt")
        }
        io::ErrorKind::BrokenPipe => (
            Code::Runtime,
            "run again: the guardian process, which stops terraform if Eos is killed, was itself killed",
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            Code::File,
            "free some space for infrastructure:settings:root: terraform could not be written into the lock's \
             file",
        ),
        io::ErrorKind::ArgumentListTooLong => {
            (Code::EnvironmentTooLong, "shorten the values of terraform.env")
        }
        _ if Errno::from_io_error(&source).is_some_and(|error| scarce.contains(&error)) => (
            Code::Runtime,
            "raise the limits on processes (ulimit -u) and memory, or lower infrastructure:settings:parallelism",
        ),
        _ => (Code::TerraformNotStarted, "check that this file is a program for this machine"),
    };
    let message = format!("cannot start {}: {source}", command.program.display());
    Error::new(Layer::Host, Phase::Preparation, code, message, remedy).because(source)
}

/// Signals the child alone. A child that has exited is not an error.
pub fn signal(pid: Pid, signal: Signal) {
    let _ = rustix::process::kill_process(pid, signal);
}

/// Signals the remaining processes of the child's group; false if there are none.
pub fn signal_group(pid: Pid, signal: Signal) -> bool {
    rustix::process::kill_process_group(pid, signal).is_ok()
}
