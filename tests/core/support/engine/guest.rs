//! The containers and images of the tests in an engine of others.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::script;

/// Removes them at the end, and also if this process is killed, because the pipe closes then.
pub struct Guest(Child);

impl Guest {
    pub fn at(socket: &Path, mark: &str) -> Self {
        let mut sweep = Command::new(script("sweep"));
        // It has its own group, so that Ctrl-C does not end it before this process.
        Self(sweep.arg(socket).arg(mark).stdin(Stdio::piped()).process_group(0).spawn().unwrap())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let ended = self.0.wait().unwrap();
        assert!(ended.success() || std::thread::panicking(), "containers or images are left: {ended}");
    }
}
