//! `terraform state pull` and `push`, for states that are not local.

use std::ffi::OsString;
use std::path::Path;

use super::words;

pub fn state_pull() -> Vec<OsString> {
    words(&["state", "pull"])
}

/// Without -force: another lineage or an older serial is refused.
pub fn state_push(file: &Path) -> Vec<OsString> {
    let mut arguments = words(&["state", "push", "-lock-timeout=0s"]);
    arguments.push(file.into());
    arguments
}

/// Frees the backend's lock of this id, without a question.
pub fn force_unlock(id: &str) -> Vec<OsString> {
    let mut arguments = words(&["force-unlock", "-force"]);
    arguments.push(id.into());
    arguments
}
