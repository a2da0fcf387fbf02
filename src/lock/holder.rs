//! Who holds a lock: written into it, shown to whoever waits.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    pub run_id: String,
    pub jid: String,
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
        let pid = rustix::process::Pid::from_raw(self.pid as i32);
        self.boot_id != boot_id()
            || pid.is_none_or(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run_id, operation, host, pid, boot_id, since, jid, .. } = self;
        write!(f, "run {run_id} ({operation}) of process {pid} on {host}, boot {boot_id}, since {since}")?;
        if jid.is_empty() { Ok(()) } else { write!(f, ", job {jid}") }
    }
}

fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}
