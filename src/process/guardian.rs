//! A process with one thread that outlives Eos. If Eos dies, the guardian stops each child as Eos would have stopped
//! it, and keeps the child's lock until then.
//!
//! PDEATHSIG cannot replace it. The signal is sent each time a dying thread of the parent passes the parent's role to
//! another thread, and terraform treats a second SIGINT as a request to end at once.
#![allow(unsafe_code, reason = "fork, and exit of the forked process")]

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
use super::supervised_child::SupervisedChild;
use crate::error::{Code, Error, Layer, Phase, Result, open_files};

/// The most children that are guarded at the same time. It is more than any run has.
const CHILDREN: usize = 4096;
/// The size of one message, in bytes.
const WORDS: usize = 16;
/// Time between two checks of its parent's pid. They are needed if another process holds Eos's end of the socket open.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// Time between two looks at children that the guardian has asked to stop.
const LOOK_AT_CHILDREN: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// Time after the death of Eos in which a child that was just being started may still register.
const LATE: Duration = Duration::from_secs(5);

/// The handle of the guardian process. The process ends when the handle is dropped.
pub struct Guardian {
    socket: OwnedFd,
    pid: Pid,
}

impl Guardian {
    pub fn start() -> Result<Self> {
        let refuse = |error: std::io::Error| {
            if open_files::are_too_many(&error) {
                return open_files::error("start the guardian process", error);
            }
            Error::new(
                Layer::Host,
                Phase::Preparation,
                Code::Runtime,
                format!("cannot start the guardian process, which stops terraform if Eos is killed: {error}"),
                "raise the limits on processes (ulimit -u) and memory",
            )
            .because(error)
        };
        let (ours, its) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|error| refuse(error.into()))?;
        let parent = getpid();
        // All memory that the guardian will need: other threads may hold the allocator's locks during the fork.
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

    /// The socket on which a child registers with the guardian, between its fork and its exec.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Removes a child that is reaped and whose group is swept. The guardian then closes the child's lock.
    pub fn forget(&self, pid: Pid) {
        // If this fails, the guardian is gone, and no other child can be started either.
        let _ = tell(self.socket.as_fd(), -pid.as_raw_nonzero().get(), 0, Duration::ZERO, None);
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
        // Other code that waits for any child of this process may have reaped the guardian already.
        let _ = rustix::io::retry_on_intr(|| waitpid(Some(self.pid), WaitOptions::empty()));
    }
}

/// Registers a process, its start time, and the lock that it must not outlive. `grace` is the time between its SIGINT
/// and its SIGKILL. Makes system calls only.
pub fn enlist(
    socket: BorrowedFd<'_>,
    (pid, start_time): (Pid, u64),
    grace: Duration,
    lock: Option<BorrowedFd<'_>>,
) -> rustix::io::Result<()> {
    tell(socket, pid.as_raw_nonzero().get(), start_time, grace, lock)
}

/// Sends one message: the pid, the start time, the grace in milliseconds, and the lock's descriptor. A negative pid
/// removes the child.
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
        // The buffer has room for one descriptor.
        beside.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(lock)));
    }
    // A SIGPIPE would end the child and look like an exit of terraform.
    sendmsg(socket, &[IoSlice::new(&words)], &mut beside, SendFlags::NOSIGNAL | SendFlags::DONTWAIT).map(drop)
}

/// Makes only system calls, because data behind another thread's lock may be in any state since the fork.
fn watch(socket: &OwnedFd, parent: Pid, mut children: Vec<SupervisedChild>) -> ! {
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
            // SAFETY: this ends the guardian's process, and runs no exit handler that the parent registered.
            unsafe { libc::_exit(0) }
        }
    }
}

/// Reads one message if one arrives in time; false once the other end of the socket is closed.
fn hear(socket: &OwnedFd, patience: &Timespec, children: &mut Vec<SupervisedChild>) -> bool {
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
                children.push(SupervisedChild::new((pid, start_time), grace, lock));
            }
            true
        }
        Err(Errno::AGAIN | Errno::INTR) => true,
        _ => false,
    }
}

/// Ignores all signals, because they are meant for Eos, and closes all descriptors but the socket, because a pipe or a
/// lock would stay open.
fn alone(socket: u32) {
    ignore_all();
    let _ = rustix::thread::set_name(c"eos-guardian");
    if socket > 0 {
        // SAFETY: this process has its own table of descriptors, and uses only the socket.
        unsafe { close_range(0, socket - 1) };
    }
    // SAFETY: this process has its own table of descriptors, and uses only the socket.
    unsafe { close_range(socket + 1, u32::MAX) };
    let _ = setsid();
}
