//! What is started, and how much time it has.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::keep::Lock;

/// How long the rest of the child's process group has to end after a SIGTERM.
pub const SWEEP: Duration = Duration::from_secs(2);

/// What to start. It inherits none of our variables but those in `env`, and none of our descriptors.
#[derive(Debug)]
pub struct Command<'a> {
    pub program: PathBuf,
    pub args: Vec<OsString>,
    pub cwd: PathBuf,
    pub env: BTreeMap<OsString, OsString>,
    /// Files, 0600: a pipe would kill the child with us, and lose what is in flight.
    pub stdout: PathBuf,
    pub stderr: PathBuf,
    /// So many bytes of the disk are stdout's before the child is started: on a full one it is not.
    pub room: u64,
    /// What it finds on its stdin, once.
    pub stdin: Option<&'a SecretString>,
    /// Held by us; kept by the guardian until the child has ended and its group is swept, should we die.
    pub lock: Option<Lock<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub timeout: Duration,
    /// From the one SIGINT until the child is killed.
    pub stop_grace: Duration,
}
