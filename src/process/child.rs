//! Starts the child: a session of its own, its descriptors, its end tied to ours.

use std::fs::{File, OpenOptions};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal};

use super::Command;
use crate::error::{Error, Layer, Phase, Result};

/// Must be called on a thread that outlives the child: PDEATHSIG follows the thread.
pub fn spawn(command: &Command) -> Result<tokio::process::Child> {
    let mut child = tokio::process::Command::new(&command.program);
    child
        .args(&command.args)
        .current_dir(&command.cwd)
        .env_clear()
        .envs(&command.env)
        .stdin(Stdio::null())
        .stdout(private(&command.stdout)?)
        .stderr(private(&command.stderr)?);
    // Copies above every target number, so that no dup2 below overwrites a source.
    let mut inherited: Vec<(OwnedFd, RawFd)> = Vec::new();
    for &(fd, number) in &command.inherit {
        // SAFETY: the caller's guard and invoker own it, and they outlive this call.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let copy =
            rustix::io::fcntl_dupfd_cloexec(fd, 64).map_err(|error| refused(command, &error.into()))?;
        inherited.push((copy, number));
    }
    let parent = rustix::process::getpid();
    // SAFETY: only async-signal-safe calls between fork and exec; nothing allocates.
    unsafe {
        child.pre_exec(move || {
            // Started by nohup or from a script's background we ignore some, and the child would too.
            for number in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
                libc::signal(number, libc::SIG_DFL);
            }
            rustix::process::setsid()?;
            rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
            rustix::process::set_parent_process_death_signal(Some(Signal::INT))?;
            // We may have died before the line above: then nobody would ever stop it.
            if rustix::process::getppid() != Some(parent) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            for (copy, number) in &inherited {
                // Not ours to close: the child keeps it open across exec.
                let mut target = ManuallyDrop::new(OwnedFd::from_raw_fd(*number));
                rustix::io::dup2(copy, &mut target)?;
            }
            Ok(())
        });
    }
    child.spawn().map_err(|error| refused(command, &error))
}

fn private(path: &Path) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| Error::file(path, "write", &error))
}

fn refused(command: &Command, source: &io::Error) -> Error {
    let program = command.program.display();
    let (code, remedy) = match source.kind() {
        io::ErrorKind::NotFound => {
            ("terraform_missing", "install it, or set infrastructure:settings:terraform:binary")
        }
        io::ErrorKind::PermissionDenied => {
            ("terraform_not_executable", "make it executable for the user that runs Salt")
        }
        io::ErrorKind::ArgumentListTooLong => ("environment_too_long", "shorten what terraform.env holds"),
        _ => ("terraform_not_started", "see that this file is a program for this machine"),
    };
    Error::new(Layer::Host, Phase::Preparation, code, format!("cannot start {program}: {source}"), remedy)
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
