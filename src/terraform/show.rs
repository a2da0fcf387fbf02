//! `terraform show -json`: a plan, or the state, in full and in clear.

use std::ffi::OsString;
use std::path::Path;

use super::words;

pub fn show_plan(plan: &Path) -> Vec<OsString> {
    let mut arguments = words(&["show", "-json"]);
    arguments.push(plan.into());
    arguments
}

/// The state in a local file, or, without one, in the backend.
pub fn show_state(file: Option<&Path>) -> Vec<OsString> {
    let mut arguments = words(&["show", "-json"]);
    arguments.extend(file.map(OsString::from));
    arguments
}
