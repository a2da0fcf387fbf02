//! The exit of a child, as an event. Other code reaps the child.
#![allow(unsafe_code, reason = "tokio requires that the descriptor stays open and the same")]

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Becomes readable when the child has exited.
pub struct PidFd(AsyncFd<OwnedFd>);

impl PidFd {
    /// None on Linux before 5.3.
    pub fn open(pid: Pid) -> Option<Self> {
        let fd = pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
        // SAFETY: an `OwnedFd` refers to the same open file until it is dropped.
        unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }.ok().map(Self)
    }

    pub async fn ended(&self) -> io::Result<()> {
        self.0.readable().await?.clear_ready();
        Ok(())
    }
}
