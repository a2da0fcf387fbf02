//! Which registration of each job gates follow: the one that the last look at the world has found, where that is not
//! the one that the state names. A run that applies nothing leaves the state as it is.

use std::collections::BTreeMap;

use crate::change::{FoundJob, job_key};
use crate::decide::{State, StateJob};
use crate::record::Record;

/// Takes over what the refresh of a plan without a change has found; returns what differs from the state.
/// `failed`: what the plan was made from is known to have failed.
pub(super) fn refreshed(state: &mut State, found: &[FoundJob], failed: bool) -> BTreeMap<String, u64> {
    let mut followed = BTreeMap::new();
    for job in &mut state.jobs {
        job.failed = failed;
        let key = key(job);
        let index = found.iter().find(|one| one.key() == key).and_then(|one| one.modify_index);
        if let Some(index) = index.filter(|_| index != job.modify_index) {
            job.modify_index = Some(index);
            followed.insert(key, index);
        }
    }
    followed
}

/// Takes over what the last run followed, for a question that plans nothing.
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
