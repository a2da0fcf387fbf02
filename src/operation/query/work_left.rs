//! Which runs of an environment have work left: they did not complete, and no later run has done the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::find_run;
use crate::command_line::command;
use crate::decide::doctor::WayOn;
use crate::error::{Error, Result};
use crate::journal::{NotResumable, RunHistory, RunStart};
use crate::model::{Draft, Name};
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
    pub done_since: Option<(String, Option<(String, Goal)>)>,
    /// A run whose saved plans of these components cannot be applied any more.
    pub spent: Option<(String, BTreeSet<Name>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Goal {
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

/// The newest run with work left that `resume` may continue.
pub fn find(draft: &Draft) -> Result<WorkLeft> {
    let layout = find_run::layout(draft)?;
    let last = last_run::read(&draft.settings, &draft.environment)?;
    let mut here = run_log::all(&layout, &draft.environment).filter(|(_, run)| counts(run)).peekable();
    let is_last = |last: &LastRun| here.peek().is_none_or(|(run_id, _)| *run_id < last.began.who.run_id);
    let last = last.filter(is_last);
    let torn = shared_records::fetch(&draft.settings, &draft.environment)?;
    let mut judge = Judge::new(draft, &layout, |name| !torn.contains_key(name));
    let (mut why, mut single) = (WhyNothing::default(), None);
    if let Some(LastRun { began, complete }) = last {
        judge.is_elsewhere = true;
        why.newest = Some(began.who.run_id.clone());
        match (began.is_state_edit(), complete) {
            (true, _) => {}
            (false, false) => return Ok(WorkLeft::Elsewhere(Box::new(LastRun { began, complete }))),
            (false, true) => judge.later.push(LaterRun {
                run_id: began.who.run_id.clone(),
                goal: Goal::of(&began),
                done: began.components.clone(),
                components: began.components,
            }),
        }
    }
    for (run_id, run) in here {
        let run = match run {
            Ok(run) => run,
            // Whatever that run was, its work is done.
            Err(_) if draft.components.keys().all(|name| judge.done_by(name).is_some()) => continue,
            Err(error) => return Err(error),
        };
        why.newest.get_or_insert_with(|| run_id.clone());
        if run.history.began.is_state_edit() {
            single = single.or((!run.history.is_complete()).then_some(run));
            continue;
        }
        match (judge.work(&run), run.history.why_not_resumable()) {
            (Some(_), Some(NotResumable::PlanAgain(names))) => {
                why.spent.get_or_insert((run_id, names));
            }
            (Some(work), _) => return Ok(WorkLeft::Here(Box::new(run), work)),
            (None, _) if !run.history.is_complete() => {
                let by = run.history.unfinished().find_map(|name| judge.done_by(name));
                let by = by.map(|by| (by.run_id.clone(), by.goal));
                why.done_since.get_or_insert((run_id, by));
            }
            (None, _) => {}
        }
        judge.remember(&run);
    }
    Ok(match single {
        Some(run) if why.done_since.is_none() && why.spent.is_none() => {
            let components = run.history.began.components.clone();
            let work = UnfinishedWork { left: components.clone(), components, overtaken_by: None };
            WorkLeft::Here(Box::new(run), work)
        }
        _ => WorkLeft::Nothing(why),
    })
}

/// Every run of this host that changed something and has work left, newest first, by the same rule; and the errors of
/// journals that cannot be read. It asks no server.
pub fn all(draft: &Draft, layout: &Layout) -> (Vec<(LoggedRun, UnfinishedWork)>, Vec<Error>) {
    let mut judge = Judge::new(draft, layout, |_| true);
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for (_, run) in run_log::all(layout, &draft.environment) {
        let run = match run {
            Ok(run) if run.history.began.changes_things() && !run.history.left_its_plans() => run,
            Ok(_) => continue,
            Err(error) => {
                unreadable.push(error);
                continue;
            }
        };
        let work = judge.work(&run);
        if !(run.history.began.is_about_drift() || run.history.began.is_state_edit()) {
            judge.remember(&run);
        }
        found.extend(work.map(|work| (run, work)));
    }
    (found, unreadable)
}

/// Whether a run may have work left, or may have done that of another run. One that cannot be read may.
fn counts(run: &Result<LoggedRun>) -> bool {
    run.as_ref().map_or(true, |run| {
        let (history, began) = (&run.history, &run.history.began);
        began.changes_things() && !began.is_about_drift() && !history.left_its_plans()
    })
}

/// Judges the runs of an environment, the newest first.
struct Judge<'a> {
    draft: &'a Draft,
    /// The record of each component of the pillar that has one.
    records: BTreeMap<Name, Record>,
    /// The runs that were judged already.
    later: Vec<LaterRun>,
    /// Another host has run something since. Then a destroy is not continued unless the call names it, because this host
    /// does not know all that was brought up since.
    is_elsewhere: bool,
}

impl<'a> Judge<'a> {
    /// A record that cannot be read is reported by the run.
    fn new(draft: &'a Draft, layout: &Layout, is_readable: impl Fn(&Name) -> bool) -> Self {
        let names = draft.mentioned.iter().filter(|name| is_readable(name));
        let read = |name: &Name| Record::read(&layout.component(name).ok()?.record()).ok()?;
        let records = names.filter_map(|name| Some((name.clone(), read(name)?))).collect();
        Self { draft, records, later: Vec::new(), is_elsewhere: false }
    }

    /// None if the run has no work left.
    fn work(&self, run: &LoggedRun) -> Option<UnfinishedWork> {
        let left = self.left(run);
        (!left.is_empty()).then(|| UnfinishedWork {
            left,
            components: still_there(&run.history.began, self.draft),
            overtaken_by: self.overtaken_by(run),
        })
    }

    fn remember(&mut self, run: &LoggedRun) {
        let began = &run.history.began;
        self.later.push(LaterRun {
            run_id: run.run_id.clone(),
            goal: Goal::of(began),
            components: began.components.clone(),
            done: began.components.iter().filter(|name| run.history.ended_well(name)).cloned().collect(),
        });
    }

    fn done_by(&self, name: &Name) -> Option<&LaterRun> {
        self.later.iter().rev().find(|run| run.done.contains(name))
    }

    /// The components of the run that are not as it was to make them.
    fn left(&self, run: &LoggedRun) -> BTreeSet<Name> {
        let done_elsewhere = |name: &Name| {
            let newer = self.records.get(name).filter(|record| record.run_id > run.run_id);
            newer.is_some_and(|record| Status::from_word(&record.outcome).ended_well())
        };
        let there = still_there(&run.history.began, self.draft);
        let left = run.history.unfinished();
        let left = left.filter(|name| self.done_by(name).is_none() && !done_elsewhere(name));
        left.filter(|name| there.contains(*name)).cloned().collect()
    }

    fn overtaken_by(&self, run: &LoggedRun) -> Option<String> {
        let Self { later, records, is_elsewhere, .. } = self;
        let (began, goal) = (&run.history.began, Goal::of(&run.history.began));
        let differs =
            |later: &&LaterRun| later.goal != goal && !later.components.is_disjoint(&began.components);
        let overtaken = later
            .iter()
            .find(differs)
            .or_else(|| later.first().filter(|_| *is_elsewhere && goal == Goal::Down));
        let unknown = || {
            let newer = began.components.iter().filter_map(|name| records.get(name));
            let mut newer = newer.filter(|record| record.run_id > run.run_id);
            newer.find(|record| goal == Goal::Down && later.iter().all(|later| later.run_id != record.run_id))
        };
        overtaken.map(|run| run.run_id.clone()).or_else(|| unknown().map(|record| record.run_id.clone()))
    }
}

/// Its components without those that left the pillar or are disabled there. They can only be destroyed.
fn still_there(began: &RunStart, draft: &Draft) -> BTreeSet<Name> {
    let is_enabled = |name: &&Name| draft.components.get(*name).is_some_and(|component| component.enabled);
    began.components.iter().filter(|name| began.destroys() || is_enabled(name)).cloned().collect()
}

/// How the work of a run goes on that has some left.
pub fn way_on(draft: &Draft, history: &RunHistory) -> WayOn {
    match history.why_not_resumable() {
        None => WayOn::Resume,
        Some(NotResumable::CallAgain) => WayOn::CallAgain,
        Some(NotResumable::PlanAgain(names)) => {
            let names = names.iter().map(Name::as_str).collect::<Vec<_>>().join(",");
            WayOn::PlanAgain(command("plan").of(&draft.environment).with("components", names).to_string())
        }
    }
}
