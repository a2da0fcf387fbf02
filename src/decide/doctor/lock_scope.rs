//! Judges whether the lock covers every host that may work on the same states.

use super::check::{Check, CheckStatus, Group};
use crate::command_line::command;
use crate::decide::listed_briefly;
use crate::error::Code;
use crate::words::{Words, words};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LockScope {
    /// The lock is a file on this host.
    pub is_file: bool,
    /// The types of backends that other hosts can reach.
    pub remote_backends: Vec<String>,
    /// Whether some components keep their states on this host.
    pub has_local_states: bool,
    /// All masters of this Salt, as far as this host knows them, and the place that names them.
    pub masters: Vec<String>,
    pub masters_in: String,
    /// Other hosts that have run in this root.
    pub other_hosts: Vec<String>,
}

pub fn lock_scope(found: &LockScope) -> Vec<Check> {
    const NAME: &str = "lock scope";
    let LockScope { is_file, remote_backends, has_local_states, masters, masters_in, other_hosts } = found;
    let kinds = remote_backends.join(", ");
    let bad = |status, message: String, remedy: Words| {
        Check::bad(Group::Terraform, NAME, (status, Code::LockNotShared), message, remedy)
    };
    let mut all = Vec::new();
    let consul = "set infrastructure:settings:lock to {type: consul} on all of them";
    if masters.len() > 1 && *is_file {
        let names = listed_briefly(masters);
        let message = format!(
            "the lock is a file on this host, and {masters_in} names {} masters ({names}): a run on another \
             master does not see it",
            masters.len()
        );
        all.push(bad(CheckStatus::Wrong, message, consul.into()));
    }
    if masters.len() > 1 && *has_local_states {
        let message = format!(
            "states are in the root of this host, and {masters_in} names {} masters: another master has none of \
             them, and would create everything again",
            masters.len()
        );
        let moved = command("orchestrate").here().flag("migrate_backend");
        let remedy = words![
            "set infrastructure:settings:backend to one that all masters reach. Then this moves the states: ",
            moved
        ];
        all.push(bad(CheckStatus::Wrong, message, remedy));
    }
    if !other_hosts.is_empty() && *is_file {
        let hosts = listed_briefly(other_hosts);
        let message = format!("the lock is a file on this host, and runs of {hosts} are in this root");
        let remedy =
            words!["if this host was renamed, nothing; if other hosts share or copy the root, ", consul];
        all.push(bad(CheckStatus::Warning, message, remedy));
    }
    if all.is_empty() && *is_file && !remote_backends.is_empty() {
        let message = format!(
            "the lock is a file on this host, and states are in the backend {kinds}, which other hosts can reach"
        );
        let remedy = "nothing, if only this host runs this environment, because Terraform's own lock guards a state \
                      only while a command runs; otherwise set infrastructure:settings:lock to {type: consul}";
        all.push(bad(CheckStatus::Warning, message, remedy.into()));
    }
    if all.is_empty() {
        let said = match is_file {
            true => words!["a file, and the states are on this host too"],
            false => words!["in Consul, for all hosts"],
        };
        all.push(Check::ok(Group::Terraform, NAME, said));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_lock_is_unsafe_as_soon_as_another_host_may_run() {
        use CheckStatus::{Ok, Warning, Wrong};
        let two = || vec!["m1".to_owned(), "m2".to_owned()];
        let local = LockScope { is_file: true, has_local_states: true, ..LockScope::default() };
        let s3 = || vec!["s3".to_owned()];
        let remote = LockScope { is_file: true, remote_backends: s3(), ..LockScope::default() };
        let consul = LockScope { remote_backends: s3(), masters: two(), ..LockScope::default() };
        for (scope, statuses) in [
            (local.clone(), vec![Ok]),
            (LockScope { masters: vec!["m1".to_owned()], ..local.clone() }, vec![Ok]),
            (LockScope { masters: two(), ..local.clone() }, vec![Wrong, Wrong]),
            (LockScope { other_hosts: two(), ..local }, vec![Warning]),
            (remote.clone(), vec![Warning]),
            (LockScope { masters: two(), ..remote }, vec![Wrong]),
            (consul.clone(), vec![Ok]),
            (LockScope { has_local_states: true, ..consul }, vec![Wrong]),
        ] {
            let found = lock_scope(&scope);
            assert_eq!(found.iter().map(|one| one.status).collect::<Vec<_>>(), statuses, "{scope:?}");
            assert!(found.iter().all(|one| (one.status == Ok) == one.remedy.is_empty()), "{found:?}");
        }
    }
}
