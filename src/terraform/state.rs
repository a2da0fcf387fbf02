//! `terraform state pull` and `push`, for states that are not local.

use std::ffi::OsString;
use std::path::Path;

use super::words;

pub fn state_pull() -> Vec<OsString> {
    words(&["state", "pull"])
}

/// Pushes a state without -force, so Terraform refuses another lineage or an older serial.
pub fn state_push(file: &Path) -> Vec<OsString> {
    let mut arguments = words(&["state", "push", "-lock-timeout=0s"]);
    arguments.push(file.into());
    arguments
}

/// Frees the backend's lock with this id. Terraform does not ask for a confirmation.
pub fn force_unlock(id: &str) -> Vec<OsString> {
    let mut arguments = words(&["force-unlock", "-force"]);
    arguments.push(id.into());
    arguments
}
