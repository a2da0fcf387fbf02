//! Which run of an environment has work left: it did not complete, and no later run has done the rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::journal::RunStart;
use crate::model::{Draft, Name};
use crate::operation::query::find_run;
use crate::operation::store::last_run::{self, LastRun};
use crate::operation::store::run_log::{self, LoggedRun};
use crate::operation::store::shared_records;
use crate::record::Record;
use crate::report::Status;
use crate::workdir::Layout;

pub enum WorkLeft {
    /// A run of this host.
    Here(Box<LoggedRun>, UnfinishedWork),
    /// The last run of another host that shares the locks.
    Elsewhere(Box<LastRun>),
    Nothing(WhyNothing),
}

pub struct UnfinishedWork {
    pub left: BTreeSet<Name>,
    /// All components of the run that can still be asked for.
    pub components: BTreeSet<Name>,
    /// A later run that had another goal for some of the same components.
    pub overtaken_by: Option<String>,
}

#[derive(Default)]
pub struct WhyNothing {
    /// The newest run that changed something. None if no such run is kept.
    pub newest: Option<String>,
    /// A run that did not complete, and the run that has done the rest, if it is known.
    pub done_since: Option<(String, Option<String>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Up,
    Down,
    /// A rollback.
    Back,
}

impl Goal {
    fn of(began: &RunStart) -> Self {
        match began.is_rollback() {
            true => Self::Back,
            false if began.destroys() => Self::Down,
            false => Self::Up,
        }
    }
}

/// What is known of a run that is later than another one.
struct LaterRun {
    run_id: String,
    goal: Goal,
    components: BTreeSet<Name>,
    /// Those that it changed or confirmed as requested.
    done: BTreeSet<Name>,
}

/// The newest run with work left.
pub fn find(draft: &Draft) -> Result<WorkLeft> {
    let layout = find_run::layout(draft)?;
    let last = last_run::read(&draft.settings, &draft.environment)?;
    let mut here = run_log::all(&layout, &draft.environment).filter(|(_, run)| counts(run)).peekable();
    let is_last = |last: &LastRun| here.peek().is_none_or(|(run_id, _)| *run_id < last.began.who.run_id);
    let last = last.filter(is_last);
    let (mut later, mut why, mut single) = (Vec::new(), WhyNothing::default(), None);
    let elsewhere = last.is_some();
    if let Some(LastRun { began, complete }) = last {
        why.newest = Some(began.who.run_id.clone());
        match (is_single(&began), complete) {
            (true, _) => {}
            (false, false) => return Ok(WorkLeft::Elsewhere(Box::new(LastRun { began, complete }))),
            (false, true) => later.push(LaterRun {
                run_id: began.who.run_id.clone(),
                goal: Goal::of(&began),
                done: began.components.clone(),
                components: began.components,
            }),
        }
    }
    let records = records(draft, &layout)?;
    for (run_id, run) in here {
        let run = match run {
            Ok(run) => run,
            // Whatever that run was, its work is done.
            Err(_) if draft.components.keys().all(|name| done_by(&later, name).is_some()) => continue,
            Err(error) => return Err(error),
        };
        let began = &run.history.began;
        why.newest.get_or_insert_with(|| run_id.clone());
        if is_single(began) {
            single = single.or((!run.history.is_complete()).then_some(run));
            continue;
        }
        if !run.history.is_complete() {
            let left = left(&run, draft, &later, &records);
            if !left.is_empty() {
                let overtaken_by = overtaken_by(&run, &later, &records, elsewhere);
                let work = UnfinishedWork { left, components: still_there(began, draft), overtaken_by };
                return Ok(WorkLeft::Here(Box::new(run), work));
            }
            let by = unfinished(&run).find_map(|name| done_by(&later, name));
            why.done_since.get_or_insert_with(|| (run_id.clone(), by.map(str::to_owned)));
        }
        later.push(LaterRun {
            goal: Goal::of(began),
            done: began.components.iter().filter(|name| ended_well(&run, name)).cloned().collect(),
            components: began.components.clone(),
            run_id,
        });
    }
    Ok(match single {
        Some(run) if why.done_since.is_none() => {
            let components = run.history.began.components.clone();
            let work = UnfinishedWork { left: components.clone(), components, overtaken_by: None };
            WorkLeft::Here(Box::new(run), work)
        }
        _ => WorkLeft::Nothing(why),
    })
}

/// Whether a run may have work left, or may have done that of another run. One that cannot be read may.
fn counts(run: &Result<LoggedRun>) -> bool {
    run.as_ref().map_or(true, |run| {
        let began = &run.history.began;
        began.changes_things() && !began.is_about_drift()
    })
}

/// Whether it was one change of a state. It does not do the work of another run.
fn is_single(began: &RunStart) -> bool {
    began.is_state_edit()
}

fn ended_well(run: &LoggedRun, name: &Name) -> bool {
    let status = run.history.statuses.get(name).map(|word| Status::from_word(word));
    run.history.is_complete() || status.is_some_and(Status::ended_well)
}

fn unfinished(run: &LoggedRun) -> impl Iterator<Item = &Name> {
    run.history.began.components.iter().filter(|name| !ended_well(run, name))
}

fn done_by<'a>(later: &'a [LaterRun], name: &Name) -> Option<&'a str> {
    later.iter().rev().find(|run| run.done.contains(name)).map(|run| run.run_id.as_str())
}

/// Its components without those that left the pillar or are disabled there. They can only be destroyed.
fn still_there(began: &RunStart, draft: &Draft) -> BTreeSet<Name> {
    let is_enabled = |name: &&Name| draft.components.get(*name).is_some_and(|component| component.enabled);
    began.components.iter().filter(|name| began.destroys() || is_enabled(name)).cloned().collect()
}

/// The components of the run that are not as it was to make them.
fn left(
    run: &LoggedRun,
    draft: &Draft,
    later: &[LaterRun],
    records: &BTreeMap<Name, Record>,
) -> BTreeSet<Name> {
    let done_elsewhere = |name: &Name| {
        let newer = records.get(name).filter(|record| record.run_id > run.run_id);
        newer.is_some_and(|record| Status::from_word(&record.outcome).ended_well())
    };
    let there = still_there(&run.history.began, draft);
    let left = unfinished(run).filter(|name| done_by(later, name).is_none() && !done_elsewhere(name));
    left.filter(|name| there.contains(*name)).cloned().collect()
}

/// `elsewhere`: another host has run something since. Then a destroy is not continued unless the call names it, because
/// this host does not know all that was brought up since.
fn overtaken_by(
    run: &LoggedRun,
    later: &[LaterRun],
    records: &BTreeMap<Name, Record>,
    elsewhere: bool,
) -> Option<String> {
    let (began, goal) = (&run.history.began, Goal::of(&run.history.began));
    let differs = |later: &&LaterRun| later.goal != goal && !later.components.is_disjoint(&began.components);
    let overtaken =
        later.iter().find(differs).or_else(|| later.first().filter(|_| elsewhere && goal == Goal::Down));
    let unknown = || {
        let newer = began.components.iter().filter_map(|name| records.get(name));
        let mut newer = newer.filter(|record| record.run_id > run.run_id);
        newer.find(|record| goal == Goal::Down && later.iter().all(|later| later.run_id != record.run_id))
    };
    overtaken.map(|run| run.run_id.clone()).or_else(|| unknown().map(|record| record.run_id.clone()))
}

/// The record of each component of the pillar that has one. A record that cannot be read is reported by the run.
fn records(draft: &Draft, layout: &Layout) -> Result<BTreeMap<Name, Record>> {
    let torn = shared_records::fetch(&draft.settings, &draft.environment)?;
    let names = draft.mentioned.iter().filter(|name| !torn.contains_key(*name));
    let read = |name: &Name| Record::read(&layout.component(name).ok()?.record()).ok()?;
    Ok(names.filter_map(|name| Some((name.clone(), read(name)?))).collect())
}
