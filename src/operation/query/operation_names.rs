//! The names by which a history can be asked for runs.

use std::collections::BTreeSet;

/// The operations that a journal names.
const RECORDED: [&str; 22] = [
    "accept_drift",
    "acknowledge",
    "apply",
    "apply_terraform",
    "approve",
    "carry",
    "create",
    "delete",
    "deploy_nomad_service",
    "deploy_service",
    "destroy",
    "ensure_infrastructure",
    "import_resource",
    "init_workspace",
    "move_resource",
    "orchestrate",
    "plan",
    "remediate",
    "remove_resource",
    "resume",
    "rollback",
    "rotate",
];

/// Names of functions and verbs, and the operations of their runs. People call each deployment an apply.
const OTHERS: [(&str, &[&str]); 6] = [
    ("accept-drift", &["accept_drift"]),
    ("apply", &["apply", "apply_terraform", "orchestrate"]),
    ("orchestrate_infrastructure", &["orchestrate"]),
    ("rollback_to_snapshot", &["rollback"]),
    ("staged_rollback", &["rollback"]),
    ("terraform.staged_rollback", &["rollback"]),
];

/// The operations that a name means. None if it is no name of an operation. `seen`: operations of the kept runs, which
/// another version may have written.
pub fn meant_by(name: &str, seen: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    let others = OTHERS.iter().find(|(other, _)| *other == name).map(|(_, operations)| operations.to_vec());
    let own = || (RECORDED.contains(&name) || seen.contains(name)).then(|| vec![name]);
    Some(others.or_else(own)?.into_iter().map(str::to_owned).collect())
}

/// Every name that [`meant_by`] knows.
pub fn known(seen: &BTreeSet<String>) -> BTreeSet<&str> {
    let others = OTHERS.iter().map(|(name, _)| *name);
    RECORDED.into_iter().chain(others).chain(seen.iter().map(String::as_str)).collect()
}
