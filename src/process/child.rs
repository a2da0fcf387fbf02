//! Starts the child: a session of its own, its descriptors, under guard.

use std::fs::{File, OpenOptions};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use super::Command;
use super::guardian::{Guardian, enlist};
use crate::error::{Error, Layer, Phase, Result};

/// The numbers of inherited descriptors stand below this.
const NUMBERS: RawFd = 64;

pub fn spawn(
    command: &Command,
    guardian: &Guardian,
    stdout: File,
    stderr: File,
) -> Result<tokio::process::Child> {
    let mut child = tokio::process::Command::new(&command.program);
    child
        .args(&command.args)
        .current_dir(&command.cwd)
        .env_clear()
        .envs(&command.env)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr);
    let mut inherited: Vec<(OwnedFd, RawFd)> = Vec::new();
    let mut reserved: Vec<OwnedFd> = Vec::new();
    for &(fd, number) in &command.inherit {
        // SAFETY: the caller's guard and invoker own it, and they outlive this call.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let copy = |least| {
            rustix::io::fcntl_dupfd_cloexec(fd, least).map_err(|error| refused(command, &error.into()))
        };
        // Above every number that is asked for, so that no dup2 below overwrites a source.
        inherited.push((copy(NUMBERS)?, number));
        // A free number is taken until the start is over: std's pipe, which tells that exec failed, must not get it.
        reserved.push(copy(number)?);
    }
    let socket = guardian.socket().as_raw_fd();
    // SAFETY: only async-signal-safe calls between fork and exec; nothing allocates.
    unsafe {
        child.pre_exec(move || {
            // Started by nohup or in a script's background we ignore some, and the child would too; with SIGCHLD
            // ignored it could not even wait for children of its own.
            for number in 1..32 {
                libc::signal(number, libc::SIG_DFL);
            }
            rustix::process::setsid()?;
            rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
            // Should we have died by now, nobody would ever stop it: the guardian is gone too, and this fails.
            enlist(BorrowedFd::borrow_raw(socket))?;
            for (copy, number) in &inherited {
                // Not ours to close: the child keeps it open across exec.
                let mut target = ManuallyDrop::new(OwnedFd::from_raw_fd(*number));
                rustix::io::dup2(copy, &mut target)?;
            }
            Ok(())
        });
    }
    let started = child.spawn().map_err(|error| refused(command, &error));
    drop(reserved);
    started
}

/// A new file for its owner alone, with room on the disk where the file system can promise any.
pub fn private(path: &Path, room: u64) -> Result<File> {
    let refuse = |error: io::Error| Error::file(path, "write", &error);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(refuse)?;
    match rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, room) {
        Err(full @ (Errno::NOSPC | Errno::DQUOT)) => Err(refuse(full.into())),
        _ => Ok(file),
    }
}

/// What was promised beyond a file's end.
pub fn give_back(path: &Path) {
    if let Ok(file) = OpenOptions::new().write(true).open(path)
        && let Ok(meta) = file.metadata()
    {
        let _ = file.set_len(meta.len());
    }
}

fn refused(command: &Command, source: &io::Error) -> Error {
    // exec's words are the same for a program and for a folder that is not there.
    if source.kind() == io::ErrorKind::NotFound && !command.cwd.is_dir() {
        return Error::file(&command.cwd, "start a program in", source);
    }
    let scarce = [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE];
    let (code, remedy) = match source.kind() {
        io::ErrorKind::NotFound => {
            ("terraform_missing", "install it, or set infrastructure:settings:terraform:binary")
        }
        io::ErrorKind::PermissionDenied => {
            ("terraform_not_executable", "make it executable for the user that runs Salt")
        }
        io::ErrorKind::BrokenPipe => {
            ("runtime", "run again: the process that would stop terraform, should this one die, was killed")
        }
        io::ErrorKind::ArgumentListTooLong => ("environment_too_long", "shorten what terraform.env holds"),
        _ if Errno::from_io_error(source).is_some_and(|error| scarce.contains(&error)) => (
            "runtime",
            "raise this host's limits on processes, memory or open files, or lower infrastructure:settings:parallelism",
        ),
        _ => ("terraform_not_started", "see that this file is a program for this machine"),
    };
    let message = format!("cannot start {}: {source}", command.program.display());
    Error::new(Layer::Host, Phase::Preparation, code, message, remedy)
}

/// Signals the child alone; a child that has ended is no error.
pub fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Signals what is left of the child's process group; false if nothing is.
pub fn signal_group(pid: u32, signal: Signal) -> bool {
    Pid::from_raw(pid as i32).is_some_and(|pid| rustix::process::kill_process_group(pid, signal).is_ok())
}

/// Whether anything of the child's process group is left.
pub fn group_lives(pid: u32) -> bool {
    Pid::from_raw(pid as i32).is_some_and(|pid| rustix::process::test_kill_process_group(pid).is_ok())
}
