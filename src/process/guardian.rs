//! A process of one thread that outlives us: should we die, it does for each child what we would have done to stop it,
//! and keeps the child's lock until that is done.
//!
//! PDEATHSIG would not do: it comes again whenever the parent's place passes from one of our dying threads to the next,
//! and terraform takes a second SIGINT for impatience.
#![allow(unsafe_code, reason = "a fork, and the end of the forked process")]

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::process::{Pid, WaitOptions, getpid, getppid, setsid, waitpid};

use super::descriptors::close_range;
use super::signals::ignore_all;
use super::ward::Ward;
use crate::error::{Error, Layer, Phase, Result};

/// More children at a time than any run has.
const CHILDREN: usize = 4096;
/// Of one message, in bytes.
const WORDS: usize = 16;
/// How often it looks whose child it is, should another process hold our end of the socket open.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// How often it looks at children that it has asked to stop.
const LOOK_AT_CHILDREN: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// How long, after our end, a child may still come that was just being started.
const LATE: Duration = Duration::from_secs(5);

/// Ends when it is dropped.
pub struct Guardian {
    socket: OwnedFd,
    pid: Pid,
}

impl Guardian {
    pub fn start() -> Result<Self> {
        let refuse = |error: std::io::Error| {
            Error::new(
                Layer::Host,
                Phase::Preparation,
                "runtime",
                format!("cannot start the process that stops terraform should this one die: {error}"),
                "raise this host's limits on processes, memory or open files",
            )
        };
        let (ours, its) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|error| refuse(error.into()))?;
        let parent = getpid();
        // All memory that it will need: other threads may hold the allocator's locks while we fork.
        let children = Vec::with_capacity(CHILDREN);
        // SAFETY: in the new process only system calls are made, and it never returns.
        match unsafe { libc::fork() } {
            0 => watch(&its, parent, children),
            pid => match Pid::from_raw(pid).filter(|_| pid > 0) {
                Some(pid) => Ok(Self { socket: ours, pid }),
                None => Err(refuse(std::io::Error::last_os_error())),
            },
        }
    }

    /// For a child, between its fork and its exec, to put itself under guard.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The child is reaped and its group swept: nothing is left to stop, and nothing keeps its lock.
    pub fn forget(&self, pid: Pid) {
        // Where the guardian is gone, no other child can be started either.
        let _ = tell(self.socket.as_fd(), -pid.as_raw_nonzero().get(), 0, Duration::ZERO, None);
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
        // Whoever waits for any child of this process may have taken it already.
        let _ = rustix::io::retry_on_intr(|| waitpid(Some(self.pid), WaitOptions::empty()));
    }
}

/// Puts a process that started at that time under guard, with the lock that it must not outlive: `grace` is what it has
/// from its SIGINT on. Makes system calls only.
pub fn enlist(
    socket: BorrowedFd<'_>,
    (pid, start_time): (Pid, u64),
    grace: Duration,
    lock: Option<BorrowedFd<'_>>,
) -> rustix::io::Result<()> {
    tell(socket, pid.as_raw_nonzero().get(), start_time, grace, lock)
}

/// The number, the start time, in milliseconds the grace, and the lock's descriptor.
fn tell(
    socket: BorrowedFd<'_>,
    pid: i32,
    start_time: u64,
    grace: Duration,
    lock: Option<BorrowedFd<'_>>,
) -> rustix::io::Result<()> {
    let grace = i32::try_from(grace.as_millis()).unwrap_or(i32::MAX);
    let mut words = [0; WORDS];
    words[..4].copy_from_slice(&pid.to_ne_bytes());
    words[4..8].copy_from_slice(&grace.to_ne_bytes());
    words[8..].copy_from_slice(&start_time.to_ne_bytes());
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut room);
    if let Some(lock) = &lock {
        // There is room for one.
        beside.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(lock)));
    }
    // A SIGPIPE would end the child, and look like an end of terraform's.
    sendmsg(socket, &[IoSlice::new(&words)], &mut beside, SendFlags::NOSIGNAL | SendFlags::DONTWAIT).map(drop)
}

/// Only system calls from here on: what a lock of another thread guarded stays as it was at the fork.
fn watch(socket: &OwnedFd, parent: Pid, mut children: Vec<Ward>) -> ! {
    alone(socket.as_raw_fd().cast_unsigned());
    let mut orphaned: Option<std::time::Instant> = None;
    let mut open = true;
    loop {
        match (open, orphaned.is_some()) {
            (true, false) => open = hear(socket, &LOOK, &mut children),
            (true, true) => open = hear(socket, &LOOK_AT_CHILDREN, &mut children),
            (false, _) => drop(poll(&mut [], Some(&LOOK_AT_CHILDREN))),
        }
        if orphaned.is_none() && (!open || getppid() != Some(parent)) {
            orphaned = Some(std::time::Instant::now());
        }
        let Some(since) = orphaned else { continue };
        children.retain_mut(|child| child.stop());
        if children.is_empty() && (!open || since.elapsed() > LATE) {
            // SAFETY: ends this process, and runs nothing that was registered by the one it came from.
            unsafe { libc::_exit(0) }
        }
    }
}

/// One message, should one come; false once nobody has the other end.
fn hear(socket: &OwnedFd, patience: &Timespec, children: &mut Vec<Ward>) -> bool {
    let mut polled = [PollFd::new(socket, PollFlags::IN)];
    match poll(&mut polled, Some(patience)) {
        Ok(0) | Err(Errno::INTR) => return true,
        Ok(_) => {}
        Err(_) => return false,
    }
    let mut words = [0; WORDS];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut room);
    let heard = recvmsg(socket, &mut [IoSliceMut::new(&mut words)], &mut beside, RecvFlags::DONTWAIT);
    match heard.map(|heard| heard.bytes) {
        Ok(WORDS) => {
            let [pid, grace] =
                [&words[..4], &words[4..8]].map(|word| word.try_into().map_or(0, i32::from_ne_bytes));
            let start_time = words[8..].try_into().map_or(0, u64::from_ne_bytes);
            let lock = beside.drain().find_map(|message| match message {
                RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
                _ => None,
            });
            if pid < 0 {
                children.retain(|child| !child.is(-pid));
            } else if let Some(pid) = Pid::from_raw(pid).filter(|_| children.len() < CHILDREN) {
                let grace = Duration::from_millis(grace.unsigned_abs().into());
                children.push(Ward::new((pid, start_time), grace, lock));
            }
            true
        }
        Err(Errno::AGAIN | Errno::INTR) => true,
        _ => false,
    }
}

/// No signal meant for us, no descriptor of ours: a pipe or a lock would stay open with it.
fn alone(socket: u32) {
    ignore_all();
    let _ = rustix::thread::set_name(c"eos-guardian");
    if socket > 0 {
        // SAFETY: this process has descriptors of its own, and uses the socket alone.
        unsafe { close_range(0, socket - 1) };
    }
    // SAFETY: as above.
    unsafe { close_range(socket + 1, u32::MAX) };
    let _ = setsid();
}
