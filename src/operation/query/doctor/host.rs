//! This host: the roots of the environments, the disks, and the configuration files of Terraform.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::decide::doctor::{Check, CheckStatus, Group, LockScope, RootFacts, SaltConfiguration, disk, root};
use crate::error::Error;
use crate::lock;
use crate::model::LockSettings;
use crate::operation::layers::Subject;
use crate::workdir::examined::Exposed;
use crate::workdir::{Layout, examined};

pub fn checks(subjects: &[Subject]) -> Vec<Check> {
    let mut by_root: BTreeMap<&Path, Vec<&Subject>> = BTreeMap::new();
    for subject in subjects {
        by_root.entry(&subject.draft.settings.root).or_default().push(subject);
    }
    let temporary = std::env::temp_dir();
    let mut all = Vec::new();
    let mut shares = false;
    for (path, subjects) in by_root {
        let (checks, can_be_made) = of_root(path, &subjects);
        all.extend(checks);
        // The disk above it says nothing then.
        all.extend(can_be_made.then(|| of_disk(path, "the root")).into_iter().flatten());
        shares |= examined::share_a_disk(path, &temporary);
    }
    if !shares {
        all.extend(of_disk(&temporary, "temporary files"));
    }
    all.extend(configuration_files(subjects));
    all
}

/// Its checks, and whether it exists or can be made.
fn of_root(path: &Path, subjects: &[&Subject]) -> (Vec<Check>, bool) {
    let facts = match examined::root(path) {
        Ok(facts) => facts,
        Err(error) => return (vec![unknown("root", error)], false),
    };
    let can_be_made = facts.takes_none.is_none();
    let mut refused: Vec<Error> = Vec::new();
    for subject in subjects {
        let environment = &subject.draft.environment;
        if let Err(error) = Layout::new(path, environment)
            && !refused.iter().any(|other| other.message == error.message)
        {
            refused.push(error);
        }
    }
    let is_remote = lock::is_on_remote(Path::new(&facts.nearest));
    let Exposed { open, names } = if facts.exists { examined::exposed(path) } else { Exposed::default() };
    let open = open.iter().map(|path| path.display().to_string()).collect();
    (root(RootFacts { is_remote, open, names, refused, ..facts }), can_be_made)
}

fn of_disk(path: &Path, used_for: &'static str) -> Vec<Check> {
    match examined::disk(path, used_for) {
        Ok(facts) => disk(&facts),
        Err(error) => vec![unknown("disk", error)],
    }
}

/// Terraform would start without its mirror or its cache, and fail for another reason.
fn configuration_files(subjects: &[Subject]) -> Vec<Check> {
    let named: BTreeSet<_> =
        subjects.iter().filter_map(|one| one.draft.settings.terraform.cli_config_file.as_deref()).collect();
    let unreadable = named.into_iter().filter_map(|path| {
        let error = std::fs::File::open(path).err()?;
        let error = Error::file(path, "read the cli_config_file", error);
        Some(Check::of_error(Group::Terraform, "program", CheckStatus::Wrong, error))
    });
    unreadable.collect()
}

fn unknown(name: &'static str, error: Error) -> Check {
    Check::of_error(Group::Host, name, CheckStatus::Unknown, error)
}

/// Whom the lock of an environment excludes.
pub fn scope(subject: &Subject, salt: &SaltConfiguration, other_hosts: BTreeSet<String>) -> LockScope {
    let with_state = subject.draft.components.values().filter(|one| one.enabled && one.source.is_some());
    let backends: Vec<_> = with_state.map(|component| &component.backend).collect();
    let remote: BTreeSet<_> =
        backends.iter().filter(|one| !one.is_local()).map(|one| one.kind.clone()).collect();
    LockScope {
        is_file: subject.draft.settings.lock == LockSettings::File,
        remote_backends: remote.into_iter().collect(),
        has_local_states: backends.iter().any(|one| one.is_local()),
        masters: salt.masters.clone(),
        masters_in: salt.masters_in.clone(),
        other_hosts: other_hosts.into_iter().collect(),
    }
}
