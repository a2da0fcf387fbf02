//! What earlier runs left in an environment: their journals, interrupted applies, blocked components.

use std::collections::BTreeSet;
use std::time::SystemTime;

use ulid::Ulid;

use crate::decide::doctor::{BlockedComponent, DiedRun, InterruptedApply, RunFacts};
use crate::error::Result;
use crate::lock;
use crate::model::{Draft, LockSettings, Name};
use crate::operation::query::work_left;
use crate::operation::store::run_log::{self, LoggedRun};
use crate::operation::store::shared_records;
use crate::record::{Record, UnfinishedApply, UnreportedOrphans};
use crate::workdir::{ComponentPaths, Layout};

/// More runs than these are not listed.
const SHOWN: usize = 5;

#[derive(Default)]
pub struct LeftBehind {
    pub runs: RunFacts,
    /// Other hosts whose runs are in this root.
    pub other_hosts: BTreeSet<String>,
    /// When the newest run began, by its id.
    pub newest_run: Option<SystemTime>,
}

/// `sees_locks`: the locks could be read, so their Consul answers.
pub fn examined(draft: &Draft, sees_locks: bool) -> LeftBehind {
    let runs = RunFacts { environment: draft.environment.to_string(), ..RunFacts::default() };
    let mut left = LeftBehind { runs, ..LeftBehind::default() };
    // The check of the root says why there is no layout.
    let Ok(layout) = Layout::new(&draft.settings.root, &draft.environment) else { return left };
    left.read_journals(draft, &layout);
    for name in draft.components.keys() {
        let found =
            layout.component(name).and_then(|paths| left.read_component(draft, &layout, name, &paths));
        left.runs.unreadable.extend(found.err().map(|error| error.of(name)));
    }
    if sees_locks && matches!(draft.settings.lock, LockSettings::Consul(_)) {
        left.read_consul(draft);
    }
    left
}

impl LeftBehind {
    fn read_journals(&mut self, draft: &Draft, layout: &Layout) {
        let here = lock::host_name();
        for (run_id, run) in run_log::all(layout, &draft.environment) {
            let began = Ulid::from_string(&run_id).ok().map(|id| id.datetime());
            self.newest_run = self.newest_run.max(began);
            let Ok(run) = run else { continue };
            let who = &run.history.began.who;
            if !who.host.is_empty() && who.host != here {
                self.other_hosts.insert(who.host.clone());
            }
            if run.history.is_alive() {
                self.runs.running.push(run_id);
            }
        }
        let (unfinished, unreadable) = work_left::all(draft, layout);
        self.runs.unreadable.extend(unreadable);
        let died = unfinished.into_iter().filter(|(run, _)| {
            let history = &run.history;
            history.finished.is_none() && !history.is_alive() && history.began.who.host == here
        });
        self.runs.died = died.take(SHOWN).map(|(run, _)| died_run(draft, &run)).collect();
    }

    fn read_component(
        &mut self,
        draft: &Draft,
        layout: &Layout,
        name: &Name,
        paths: &ComponentPaths,
    ) -> Result<()> {
        let apply = UnfinishedApply::read(&paths.applying())?;
        // Read again: the apply may have ended before its lock was read.
        let apply = apply.filter(|_| matches!(lock::holder(&paths.lock()), Ok(None)));
        let apply = apply.filter(|apply| {
            UnfinishedApply::read(&paths.applying()).is_ok_and(|again| again.as_ref() == Some(apply))
        });
        let apply = apply.map(|apply| {
            let run = run_log::one(layout, &draft.environment, &apply.run_id).ok().flatten();
            interrupted(draft, run.as_ref(), name, apply)
        });
        self.runs.interrupted.extend(apply);
        let orphans = UnreportedOrphans::read(&paths.unreported_orphans())?;
        // The file outlives the report that names them.
        if orphans.is_some_and(|one| !one.suspects.is_empty() && !layout.report(&one.run_id).exists()) {
            self.runs.orphans.push(name.to_string());
        }
        let blocked = Record::read(&paths.record())?.and_then(|record| record.blocked);
        self.runs.blocked.extend(blocked.map(|failed| BlockedComponent {
            component: name.to_string(),
            run_id: failed.run_id,
            since: failed.since,
        }));
        Ok(())
    }

    /// What other hosts with the same locks left.
    fn read_consul(&mut self, draft: &Draft) {
        match shared_records::environment_locks(&draft.settings, &draft.environment) {
            Err(error) => self.runs.unreadable.push(error),
            Ok(found) => {
                for (name, apply) in found.applying {
                    let (Ok(name), false) = (Name::new(&name), found.held.contains_key(&name)) else {
                        continue;
                    };
                    match apply {
                        Err(error) => self.runs.unreadable.push(error),
                        Ok(apply) if self.knows(&name) => drop(apply),
                        Ok(apply) => self.runs.interrupted.push(interrupted(draft, None, &name, apply)),
                    }
                }
            }
        }
    }

    fn knows(&self, name: &Name) -> bool {
        self.runs.interrupted.iter().any(|apply| apply.component == name.as_str())
    }
}

fn died_run(draft: &Draft, run: &LoggedRun) -> DiedRun {
    let began = &run.history.began;
    DiedRun {
        run_id: run.run_id.clone(),
        operation: began.who.operation.clone(),
        next: work_left::way_on(draft, &run.history),
        user: began.user.clone(),
        since: began.who.since.clone(),
    }
}

/// `run`: the run of the apply, if this host has its journal.
fn interrupted(
    draft: &Draft,
    run: Option<&LoggedRun>,
    name: &Name,
    apply: UnfinishedApply,
) -> InterruptedApply {
    let UnfinishedApply { run_id, started, host, .. } = apply;
    InterruptedApply {
        component: name.to_string(),
        run_id,
        operation: run.map(|run| run.history.began.who.operation.clone()).unwrap_or_default(),
        next: run.map(|run| work_left::way_on(draft, &run.history)).unwrap_or_default(),
        since: started,
        host,
    }
}
