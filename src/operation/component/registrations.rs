//! Which registration of each job the health gates follow: the one from the last refresh, if it differs from the
//! state. A run that applies nothing does not change the state.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{FoundJob, job_key};
use crate::decide::{State, StateJob};
use crate::record::Record;
use crate::view::short;

/// Jobs (`web@default`) whose registration differs from the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FollowedRegistrations {
    pub registrations: BTreeMap<String, u64>,
    /// Jobs that were registered neither by a run nor by Nomad's own revert of a failed version.
    pub foreign: BTreeSet<String>,
}

/// Reads the registrations from the refresh of a plan without changes; returns the differences from the state.
/// `failed`: the configuration of the plan is known to have failed.
pub(super) fn refreshed(
    state: &mut State,
    found: &[FoundJob],
    record: Option<&Record>,
    failed: bool,
) -> FollowedRegistrations {
    let mut followed = FollowedRegistrations::default();
    let before = record.map(|record| (&record.followed, &record.foreign));
    for job in &mut state.jobs {
        job.failed = failed;
        let key = key(job);
        let found = found.iter().find(|one| one.key() == key);
        let Some((found, index)) = found
            .and_then(|found| Some((found, found.modify_index?)))
            .filter(|(_, index)| Some(*index) != job.modify_index)
        else {
            continue;
        };
        job.modify_index = Some(index);
        let was_ours = before.is_some_and(|(registrations, foreign)| {
            registrations.get(&key) == Some(&index) && !foreign.contains(&key)
        });
        let by_nomad = record.is_some_and(|record| record.failed.is_some());
        if !was_ours && !by_nomad && !found.outside.is_empty() {
            followed.foreign.insert(key.clone());
        }
        followed.registrations.insert(key, index);
    }
    followed
}

/// The note of a run on a job that was changed outside of Terraform and that its plan does not change.
pub(super) fn note(job: &FoundJob) -> String {
    let told = job.outside.iter().filter(|one| one.path != "modify_index");
    let told: Vec<_> =
        told.map(|one| format!("{} {} -> {}", one.path, short(&one.before), short(&one.after))).collect();
    let what = match told.is_empty() {
        true => "its registration; Terraform has no details".to_owned(),
        false => told.join(", "),
    };
    format!(
        "job {} was changed outside of Terraform: {what}. No plan reverts this. To revert it, change the job \
         in the pillar or in its module (a new entry of meta is enough); the next run then registers the \
         whole job again",
        job.id
    )
}

/// Reads the registrations that the last run followed, for a question that makes no plan.
pub fn recorded(state: &mut State, record: &Record) {
    let is_left = record.remembered() == state.remembered();
    for job in &mut state.jobs {
        let followed = record.followed.get(&key(job)).filter(|_| is_left);
        job.modify_index = followed.copied().or(job.modify_index);
        job.failed = record.applied_and_failed().is_some();
    }
}

fn key(job: &StateJob) -> String {
    job_key(&job.namespace, &job.id)
}
