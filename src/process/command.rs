//! The command to start, and its time limits.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::inherited_lock::InheritedLock;

/// Time between the SIGTERM and the SIGKILL to the rest of the child's process group.
pub const SWEEP: Duration = Duration::from_secs(2);

/// A command to start. The child gets only the variables in `env`, and inherits no descriptors.
#[derive(Debug)]
pub struct Command<'a> {
    pub program: PathBuf,
    pub args: Vec<OsString>,
    pub cwd: PathBuf,
    pub env: BTreeMap<OsString, OsString>,
    /// Files for the output, mode 0600. With a pipe, the child would die with Eos and lose resources in flight.
    pub stdout: PathBuf,
    pub stderr: PathBuf,
    /// Bytes of disk space to reserve for stdout. If the disk is too full for them, the child is not started.
    pub room: u64,
    /// A text that the child can read once from its stdin.
    pub stdin: Option<&'a SecretString>,
    /// The lock that Eos holds. If Eos dies, the guardian keeps it until the child has exited and its group is swept.
    pub lock: Option<InheritedLock<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub timeout: Duration,
    /// Time between the SIGINT and the SIGKILL.
    pub stop_grace: Duration,
}
