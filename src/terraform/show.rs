//! `terraform show -json`: a whole plan or state, in clear text.

use std::ffi::OsString;
use std::path::Path;

use super::words;

pub fn show_plan(plan: &Path) -> Vec<OsString> {
    let mut arguments = words(&["show", "-json"]);
    arguments.push(plan.into());
    arguments
}

/// Shows the state in a local file; without a file, the state in the backend.
pub fn show_state(file: Option<&Path>) -> Vec<OsString> {
    let mut arguments = words(&["show", "-json"]);
    arguments.extend(file.map(OsString::from));
    arguments
}
