//! Starts a program without a copy of our memory, as posix_spawn does, and under guard, which posix_spawn cannot do.
//!
//! A fork copies the page tables of all that we have mapped, and afterwards each page that we write: inside of Salt that
//! is a tenth of what terraform itself costs.

use std::ffi::{CString, OsStr, c_char, c_int, c_uint, c_void};
use std::io;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, WaitOptions, getpid, waitpid};

use super::guardian::{Guardian, enlist};
use super::identity;
use super::{Command, Lock};

/// Of the child, until it is another program; in words of 16 bytes, as stacks are aligned.
const STACK: usize = 64 * 1024 / 16;

/// All that the child needs, laid out before it is there: it shares our memory, and allocates nothing.
struct Start<'a> {
    program: CString,
    args: Strings,
    env: Strings,
    folder: CString,
    guardian: BorrowedFd<'a>,
    stop_grace: Duration,
    lock: Option<Lock<'a>>,
    descriptors: &'a [(OwnedFd, RawFd)],
    failed: Option<Errno>,
}

/// The leader of a session, with `descriptors` under their numbers. Every source stands above every number. Before it is
/// the program, the guardian has it and its lock, and the lock's file names it.
pub fn spawn(
    command: &Command<'_>,
    guardian: &Guardian,
    stop_grace: Duration,
    descriptors: &[(OwnedFd, RawFd)],
) -> io::Result<Pid> {
    let words = std::iter::once(command.program.as_os_str()).chain(command.args.iter().map(AsRef::as_ref));
    let settings = command.env.iter().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    let mut start = Start {
        program: CString::new(command.program.as_os_str().as_bytes())?,
        args: Strings::new(words.map(|word: &OsStr| word.as_bytes().to_vec()))?,
        env: Strings::new(settings)?,
        folder: CString::new(command.cwd.as_os_str().as_bytes())?,
        guardian: guardian.socket(),
        stop_grace,
        lock: command.lock,
        descriptors,
        failed: None,
    };
    let mut stack = Vec::<u128>::with_capacity(STACK);
    let mut before = MaybeUninit::uninit();
    // SAFETY: the kernel holds this thread until the child has left our memory, so all that is lent to it is still
    // there and used by nobody else; no handler of ours runs in it, for every signal is blocked until its end.
    let cloned = unsafe {
        let mut all = MaybeUninit::uninit();
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        let top = stack.as_mut_ptr().add(STACK).cast();
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let pid = libc::clone(begin, top, flags, (&raw mut start).cast());
        let cloned = if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(pid) };
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
        cloned
    };
    let pid = Pid::from_raw(cloned?).ok_or(Errno::CHILD)?;
    match start.failed {
        None => Ok(pid),
        Some(errno) => {
            let _ = retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
            guardian.forget(pid);
            Err(errno.into())
        }
    }
}

extern "C" fn begin(start: *mut c_void) -> c_int {
    // SAFETY: it is the `Start` that `spawn` lent, and `spawn` waits.
    let start = unsafe { &mut *start.cast::<Start<'_>>() };
    start.failed = start.exec().err();
    127
}

impl Start<'_> {
    /// Only system calls from here on. Returns only what stood in the way.
    fn exec(&self) -> Result<(), Errno> {
        // SAFETY: the child's own dispositions and mask; all pointers end with a null, and live in `self`.
        unsafe {
            // Started by nohup or in a script's background we ignore some, and the child would too; with SIGCHLD
            // ignored it could not even wait for children of its own.
            let mut default: libc::sigaction = std::mem::zeroed();
            default.sa_sigaction = libc::SIG_DFL;
            for number in 1..32 {
                libc::sigaction(number, &raw const default, std::ptr::null_mut());
            }
            rustix::process::setsid()?;
            rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
            rustix::process::chdir(self.folder.as_c_str())?;
            // Should we have died by now, nobody would ever stop it: the guardian is gone too, and this fails.
            let (pid, start_time) = (getpid(), identity::start_time()?);
            enlist(self.guardian, (pid, start_time), self.stop_grace, self.lock.map(|lock| lock.file))?;
            if let Some(lock) = &self.lock {
                lock.name(pid, start_time)?;
            }
            for (source, number) in self.descriptors {
                // Not ours to close: the child keeps it open across exec.
                let mut target = ManuallyDrop::new(OwnedFd::from_raw_fd(*number));
                rustix::io::dup2(source, &mut target)?;
            }
            // Whatever else is open here, by us or by those who started us, is not the child's.
            close_range(3, c_uint::MAX);
            let mut none = MaybeUninit::uninit();
            libc::sigemptyset(none.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
            libc::execve(self.program.as_ptr(), self.args.as_ptr(), self.env.as_ptr());
        }
        Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::NOEXEC))
    }
}

/// Closes all descriptors from the first number to the last. Makes system calls only.
///
/// # Safety
/// Nothing of this process uses them any more.
pub unsafe fn close_range(first: c_uint, last: c_uint) {
    // SAFETY: as the caller promises.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, last, 0) != 0 {
            // Linux before 5.9.
            for fd in first..=last.min(u16::MAX.into()) {
                libc::close(fd.cast_signed());
            }
        }
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
