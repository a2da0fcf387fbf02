//! Starts a program without copying the memory of this process, as posix_spawn does. It also registers the program with
//! the guardian, which posix_spawn cannot do.
//!
//! A fork copies the page tables of all mapped memory, and afterwards each page that the parent writes. Inside Salt,
//! that costs a tenth of what terraform itself costs.
#![allow(unsafe_code, reason = "clone and exec")]

use std::ffi::{CString, OsStr, c_char, c_int, c_uint, c_void};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::io::{Errno, fcntl_dupfd_cloexec, retry_on_intr};
use rustix::process::{Pid, WaitOptions, getpid, waitpid};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::command::Command;
use super::descriptors::close_range;
use super::guardian::{Guardian, enlist};
use super::identity;
use super::inherited_lock::InheritedLock;
use super::signals::{BlockedSignals, default_all, unblock_all};
use super::stack::Stack;

/// The first number after stdin, stdout and stderr.
const OTHERS: c_int = 3;

/// The data that the child needs, prepared before it exists: the child shares the parent's memory and allocates
/// nothing.
struct ChildStart<'a> {
    program: CString,
    args: Strings,
    env: Strings,
    folder: CString,
    guardian: BorrowedFd<'a>,
    stop_grace: Duration,
    lock: Option<InheritedLock<'a>>,
    streams: [OwnedFd; 3],
    failed: Option<Errno>,
}

/// Starts the program as the leader of a new session, with these descriptors as its stdin, stdout and stderr. Before
/// the exec, the guardian knows the child and has its lock, and the lock's file names the child.
pub fn spawn(
    command: &Command<'_>,
    guardian: &Guardian,
    stop_grace: Duration,
    [stdin, stdout, stderr]: [BorrowedFd<'_>; 3],
) -> io::Result<Pid> {
    // One of them may have the number of stdin, stdout or stderr here. The dup of an earlier one would overwrite it.
    let moved = |fd| fcntl_dupfd_cloexec(fd, OTHERS);
    let words = std::iter::once(command.program.as_os_str()).chain(command.args.iter().map(AsRef::as_ref));
    let settings = command.env.iter().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    let mut start = ChildStart {
        program: CString::new(command.program.as_os_str().as_bytes())?,
        args: Strings::new(words.map(|word: &OsStr| word.as_bytes().to_vec()))?,
        env: Strings::new(settings)?,
        folder: CString::new(command.cwd.as_os_str().as_bytes())?,
        guardian: guardian.socket(),
        stop_grace,
        lock: command.lock,
        streams: [moved(stdin)?, moved(stdout)?, moved(stderr)?],
        failed: None,
    };
    let pid = clone(&mut start, &mut Stack::new()?)?;
    match start.failed {
        None => Ok(pid),
        Some(errno) => {
            let _ = retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
            guardian.forget(pid);
            Err(errno.into())
        }
    }
}

fn clone(start: &mut ChildStart<'_>, stack: &mut Stack) -> io::Result<Pid> {
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let blocked = BlockedSignals::all();
    // SAFETY: the kernel suspends this thread until the child no longer uses this memory. So everything that is lent
    // to the child still exists, and nobody else uses it. No signal handler of this process runs in the child, because
    // every signal is blocked until then.
    let pid = unsafe { libc::clone(begin, stack.top(), flags, std::ptr::from_mut(start).cast()) };
    let cloned = if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(pid) };
    drop(blocked);
    Pid::from_raw(cloned?).ok_or_else(|| Errno::CHILD.into())
}

extern "C" fn begin(start: *mut c_void) -> c_int {
    // SAFETY: the pointer is the `ChildStart` that `clone` lent, and `clone` waits.
    let start = unsafe { &mut *start.cast::<ChildStart<'_>>() };
    start.failed = start.exec().err();
    127
}

impl ChildStart<'_> {
    /// Makes only system calls. Returns only if it fails.
    fn exec(&self) -> Result<(), Errno> {
        // If Eos was started by nohup or in a script's background, it ignores some signals, and the child would
        // ignore them too. With SIGCHLD ignored, the child could not even wait for its own children.
        default_all();
        rustix::process::setsid()?;
        rustix::process::chdir(self.folder.as_c_str())?;
        // If Eos has died by now, nobody would ever stop the child. The guardian is then gone too, and this fails.
        let (pid, start_time) = (getpid(), identity::start_time()?);
        enlist(self.guardian, (pid, start_time), self.stop_grace, self.lock.map(|lock| lock.file))?;
        if let Some(lock) = &self.lock {
            lock.name(pid, start_time)?;
        }
        self.inherit()?;
        unblock_all();
        // SAFETY: all pointer arrays end with a null, and `self` owns them and their strings.
        unsafe { libc::execve(self.program.as_ptr(), self.args.as_ptr(), self.env.as_ptr()) };
        Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::NOEXEC))
    }

    /// Keeps the three streams and closes all other descriptors, also those that Eos itself inherited.
    fn inherit(&self) -> Result<(), Errno> {
        let [stdin, stdout, stderr] = self.streams.each_ref().map(AsFd::as_fd);
        dup2_stdin(stdin)?;
        dup2_stdout(stdout)?;
        dup2_stderr(stderr)?;
        // SAFETY: the child has its own table of descriptors, and uses none of these afterwards.
        unsafe { close_range(OTHERS.cast_unsigned(), c_uint::MAX) };
        Ok(())
    }
}

/// An array of C strings with a null at its end.
struct Strings {
    pointers: Vec<*const c_char>,
    _owned: Vec<CString>,
}

impl Strings {
    fn new(strings: impl Iterator<Item = Vec<u8>>) -> io::Result<Self> {
        let owned = strings.map(CString::new).collect::<Result<Vec<_>, _>>()?;
        let pointers = owned.iter().map(|one| one.as_ptr()).chain([std::ptr::null()]).collect();
        Ok(Self { pointers, _owned: owned })
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}
