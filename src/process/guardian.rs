//! A process of one thread that outlives us: should we die, it asks each child to stop, once.
//!
//! PDEATHSIG would not do: it comes again whenever the parent's place passes from one of our dying threads to the next,
//! and terraform takes a second SIGINT for impatience.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use rustix::process::{Pid, Signal, WaitOptions, getpid, getppid, kill_process, setsid, waitpid};

use crate::error::{Error, Layer, Phase, Result};

/// More children at a time than any run has.
const CHILDREN: usize = 4096;
/// How often it looks whose child it is, should another process hold our end of the socket open.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// How many looks it waits, after our end, for a child that was just being started.
const LATE: u32 = 5;

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

    /// The child is reaped: its number may be another's now.
    pub fn forget(&self, pid: Pid) {
        // Where the guardian is gone, no other child can be started either.
        let _ = tell(self.socket.as_fd(), -pid.as_raw_nonzero().get());
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
        // Whoever waits for any child of this process may have taken it already.
        let _ = rustix::io::retry_on_intr(|| waitpid(Some(self.pid), WaitOptions::empty()));
    }
}

/// Puts the calling process under guard. Makes one system call, no more.
pub fn enlist(socket: BorrowedFd<'_>) -> rustix::io::Result<()> {
    tell(socket, getpid().as_raw_nonzero().get())
}

fn tell(socket: BorrowedFd<'_>, pid: i32) -> rustix::io::Result<()> {
    // A SIGPIPE would end the child, and look like an end of terraform's.
    send(socket, &pid.to_ne_bytes(), SendFlags::NOSIGNAL | SendFlags::DONTWAIT).map(drop)
}

/// Only system calls from here on: what a lock of another thread guarded stays as it was at the fork.
fn watch(socket: &OwnedFd, parent: Pid, mut children: Vec<i32>) -> ! {
    alone(socket.as_raw_fd());
    let mut orphaned = false;
    let mut looks = 0;
    while looks < LATE {
        match next(socket) {
            Heard::Nothing => {}
            Heard::End => break,
            Heard::Child(pid) if pid < 0 => children.retain(|child| *child != -pid),
            Heard::Child(pid) if orphaned => interrupt(pid),
            Heard::Child(pid) if children.len() < CHILDREN => children.push(pid),
            Heard::Child(_) => {}
        }
        if !orphaned && getppid() != Some(parent) {
            orphaned = true;
            children.drain(..).for_each(interrupt);
        }
        looks += u32::from(orphaned);
    }
    children.drain(..).for_each(interrupt);
    // SAFETY: ends this process, and runs nothing that was registered by the one it came from.
    unsafe { libc::_exit(0) }
}

enum Heard {
    Nothing,
    Child(i32),
    /// Nobody has the other end.
    End,
}

fn next(socket: &OwnedFd) -> Heard {
    let mut polled = [PollFd::new(socket, PollFlags::IN)];
    match poll(&mut polled, Some(&LOOK)) {
        Ok(0) | Err(Errno::INTR) => return Heard::Nothing,
        Ok(_) => {}
        Err(_) => return Heard::End,
    }
    let mut pid = [0; 4];
    match recv(socket, &mut pid, RecvFlags::DONTWAIT) {
        Ok((4, _)) => Heard::Child(i32::from_ne_bytes(pid)),
        Err(Errno::AGAIN | Errno::INTR) => Heard::Nothing,
        _ => Heard::End,
    }
}

fn interrupt(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, Signal::INT);
    }
}

/// No signal meant for us, no descriptor of ours: a pipe or a lock would stay open with it.
fn alone(socket: i32) {
    // SAFETY: these change this process alone, which uses none of the descriptors that are closed.
    unsafe {
        for number in 1..32 {
            libc::signal(number, libc::SIG_IGN);
        }
        libc::prctl(libc::PR_SET_NAME, c"eos-guardian".as_ptr());
        let range = |first: i32, last: u32| libc::syscall(libc::SYS_close_range, first, last, 0) == 0;
        if !((socket == 0 || range(0, socket.cast_unsigned() - 1)) && range(socket + 1, u32::MAX)) {
            // Linux before 5.9.
            for fd in (0..65536).filter(|fd| *fd != socket) {
                libc::close(fd);
            }
        }
    }
    let _ = setsid();
}
