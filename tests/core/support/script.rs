//! Programs that a test writes and then starts.
//!
//! A child writes them. Linux starts no file that a process has open for writing, and a file that this process had open
//! would reach each child that another test forks meanwhile.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes an executable file.
pub fn executable(path: &Path, text: &str) {
    let mut writer = Command::new("sh")
        .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success(), "{}", path.display());
}

/// Copies an executable file, with its mode.
pub fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").args(["--preserve=mode", "--"]).args([from, to]).status().unwrap();
    assert!(done.success(), "{}", to.display());
}
