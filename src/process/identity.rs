//! Identifies a process by more than its pid, because another process may get the same pid later.

use std::ffi::CStr;
use std::io::Write;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, read, retry_on_intr};
use rustix::process::{Pid, getpid, test_kill_process};
use serde::{Deserialize, Serialize};

/// Longer than any line of `/proc/PID/stat`.
const STAT: usize = 1024;

/// A process on this host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessIdentity {
    pub pid: u32,
    /// In clock ticks since the boot: field 22 of `/proc/PID/stat`. 0 if it is unknown.
    pub start_time: u64,
    /// The kernel's id of the boot.
    pub boot_id: String,
}

impl ProcessIdentity {
    /// This process.
    pub fn here() -> Self {
        Self { pid: std::process::id(), start_time: start_time().unwrap_or_default(), boot_id: boot_id() }
    }

    /// Whether exactly this process runs. A zombie does not run.
    pub fn lives(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| self.boot_id == boot_id() && lives(pid, self.start_time))
    }
}

/// The kernel's id of this boot. A pid has a meaning only within one boot.
pub fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

/// The start time of this process. Makes system calls only.
pub fn start_time() -> Result<u64, Errno> {
    Ok(stat(getpid())?.start_time)
}

/// Whether the process with this pid and start time still runs. A start time of 0 matches any. Makes system calls only.
pub fn lives(pid: Pid, start_time: u64) -> bool {
    match stat(pid) {
        Ok(stat) => !stat.ended && (start_time == 0 || stat.start_time == start_time),
        // The process may belong to another user, and /proc may hide it.
        Err(_) => test_kill_process(pid) != Err(Errno::SRCH),
    }
}

pub struct ProcessStat {
    /// The process has exited. It may still wait to be reaped.
    pub ended: bool,
    pub group: i32,
    pub start_time: u64,
}

/// Reads `/proc/PID/stat`. Makes system calls only.
pub fn stat(pid: Pid) -> Result<ProcessStat, Errno> {
    let mut path = [0; 32];
    write!(&mut path[..], "/proc/{}/stat\0", pid.as_raw_nonzero()).map_err(|_| Errno::INVAL)?;
    let path = CStr::from_bytes_until_nul(&path).map_err(|_| Errno::INVAL)?;
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut line = [0; STAT];
    let length = retry_on_intr(|| read(&file, &mut line))?;
    parse(&line[..length]).ok_or(Errno::INVAL)
}

/// The program's name is in parentheses. It may contain any byte, and parentheses too.
fn parse(line: &[u8]) -> Option<ProcessStat> {
    let name = line.iter().rposition(|&byte| byte == b')')?;
    // Starts at the third field.
    let mut fields = std::str::from_utf8(&line[name + 1..]).ok()?.split_ascii_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    let group = fields.nth(1)?.parse().ok()?;
    Some(ProcessStat { ended, group, start_time: fields.nth(16)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_one_with_another_start_time_or_boot_does_not() {
        let here = ProcessIdentity::here();
        assert!(here.lives() && here.start_time > 0);
        assert!(ProcessIdentity { start_time: 0, ..here.clone() }.lives());
        assert!(!ProcessIdentity { start_time: here.start_time + 1, ..here.clone() }.lives());
        assert!(!ProcessIdentity { boot_id: "another".into(), ..here.clone() }.lives());
        for pid in [0, i32::MAX as u32, u32::MAX] {
            assert!(!ProcessIdentity { pid, ..here.clone() }.lives(), "{pid}");
        }
    }

    #[test]
    fn a_zombie_does_not_live() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = Pid::from_child(&child);
        let start_time = stat(pid).unwrap().start_time;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while lives(pid, start_time) {
            assert!(std::time::Instant::now() < deadline);
            std::thread::yield_now();
        }
        assert!(stat(pid).unwrap().ended, "it waits to be reaped");
        child.wait().unwrap();
        assert!(!lives(pid, start_time));
    }

    #[test]
    fn a_program_may_have_any_name() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        for name in ["sh", "a b", ") Z 1", "(x)) ", "\u{fffd}"] {
            let stat = parse(format!("7 ({name}) {rest}\n").as_bytes()).unwrap();
            assert_eq!((stat.ended, stat.group, stat.start_time), (false, 2, 4242), "{name}");
        }
        for torn in ["", "7 (sh", "7 (sh) S 1 2", "7 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x"] {
            assert!(parse(torn.as_bytes()).is_none(), "{torn}");
        }
    }
}
