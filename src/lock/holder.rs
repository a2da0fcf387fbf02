//! Who holds a lock: written into it, shown to whoever waits.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    pub run_id: String,
    pub jid: String,
    pub minion: String,
    pub user: String,
    pub operation: String,
    pub environment: String,
    pub component: String,
    pub host: String,
    pub pid: u32,
    /// The kernel's id of this boot: a pid means something only within it.
    pub boot_id: String,
    /// RFC 3339, UTC.
    pub since: String,
}

impl Holder {
    /// This process, now.
    pub fn here() -> Self {
        Self {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            pid: std::process::id(),
            boot_id: boot_id(),
            since: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            ..Self::default()
        }
    }

    /// Whether the process that wrote this is surely gone.
    pub fn is_gone(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        self.boot_id != boot_id()
            || pid.is_none_or(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("a process that its text does not tell");
        }
        let Self { run_id, operation, host, pid, boot_id, since, jid, .. } = self;
        write!(f, "run {run_id} ({operation}) of process {pid} on {host}, boot {boot_id}, since {since}")?;
        if jid.is_empty() { Ok(()) } else { write!(f, ", job {jid}") }
    }
}

fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_gone_with_its_process_or_with_its_boot() {
        let here = Holder::here();
        assert!(!here.is_gone());
        assert!(Holder { boot_id: "another".into(), ..here.clone() }.is_gone());
        // No process has these numbers.
        assert!(
            [0, i32::MAX as u32, u32::MAX].map(|pid| Holder { pid, ..here.clone() }.is_gone()) == [true; 3]
        );
    }

    #[test]
    fn text_that_tells_no_holder_is_said_to_tell_none() {
        assert_eq!(Holder::default().to_string(), "a process that its text does not tell");
    }
}
