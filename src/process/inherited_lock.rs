//! A lock that is kept as long as a child runs. The child itself never has the lock's descriptor.

use std::io::{IoSlice, Write};
use std::os::fd::BorrowedFd;

use rustix::fs::ftruncate;
use rustix::io::{Errno, pwritev, retry_on_intr};
use rustix::process::Pid;

/// A lock's file. The guardian keeps it open until the child has exited and its group is swept.
#[derive(Clone, Copy, Debug)]
pub struct InheritedLock<'a> {
    pub file: BorrowedFd<'a>,
    /// The file's text while the child runs. It is written before the child's exec.
    pub text: &'a ProcessText,
}

/// A text that names a process. Its parts are made before the process exists.
#[derive(Debug)]
pub struct ProcessText {
    pub before_pid: Vec<u8>,
    pub before_start_time: Vec<u8>,
    pub after: Vec<u8>,
}

impl InheritedLock<'_> {
    /// Writes the text with this process into the file. Makes system calls only.
    pub fn name(&self, pid: Pid, start_time: u64) -> Result<(), Errno> {
        let (mut room, mut more) = ([0; DIGITS], [0; DIGITS]);
        let pid = digits(&mut room, pid.as_raw_nonzero().get().unsigned_abs().into());
        let start_time = digits(&mut more, start_time);
        let ProcessText { before_pid, before_start_time, after } = self.text;
        let parts = [before_pid, pid, before_start_time, start_time, after].map(IoSlice::new);
        let length: usize = parts.iter().map(|part| part.len()).sum();
        match retry_on_intr(|| pwritev(self.file, &parts, 0))? {
            written if written == length => ftruncate(self.file, length as u64),
            _ => Err(Errno::NOSPC),
        }
    }
}

/// The number of digits of the largest 64-bit number.
const DIGITS: usize = 20;

fn digits(room: &mut [u8; DIGITS], number: u64) -> &[u8] {
    let mut rest = &mut room[..];
    // The buffer has room for any number.
    let _ = write!(rest, "{number}");
    let left = rest.len();
    &room[..DIGITS - left]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn the_lock_text_names_a_process_whatever_the_file_contained_before() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text =
            ProcessText { before_pid: b"<".into(), before_start_time: b",".into(), after: b">".into() };
        let lock = InheritedLock { file: file.as_file().as_fd(), text: &text };
        let names = |pid, start_time| {
            lock.name(Pid::from_raw(pid).unwrap(), start_time).unwrap();
            std::fs::read_to_string(file.path()).unwrap()
        };
        std::fs::write(file.path(), "something longer than what follows it").unwrap();
        assert_eq!(names(i32::MAX, u64::MAX), "<2147483647,18446744073709551615>");
        assert_eq!(names(1, 0), "<1,0>");
    }
}
