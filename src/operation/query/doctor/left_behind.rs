//! What earlier runs left in an environment: their journals, interrupted applies, blocked components.

use std::collections::BTreeSet;
use std::time::SystemTime;

use ulid::Ulid;

use crate::decide::doctor::{BlockedComponent, DiedRun, InterruptedApply, RunFacts};
use crate::error::Result;
use crate::lock;
use crate::model::{Draft, LockSettings, Name};
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
    left.read_journals(&layout, &draft.environment);
    for name in draft.components.keys() {
        let found = layout.component(name).and_then(|paths| left.read_component(&layout, name, &paths));
        left.runs.unreadable.extend(found.err().map(|error| error.of(name)));
    }
    if sees_locks && matches!(draft.settings.lock, LockSettings::Consul(_)) {
        left.read_consul(draft);
    }
    left
}

impl LeftBehind {
    fn read_journals(&mut self, layout: &Layout, environment: &Name) {
        let here = lock::host_name();
        // The components that later runs have completed.
        let mut completed: BTreeSet<Name> = BTreeSet::new();
        for (run_id, run) in run_log::all(layout, environment) {
            let began = Ulid::from_string(&run_id).ok().map(|id| id.datetime());
            self.newest_run = self.newest_run.max(began);
            let run = match run {
                Ok(run) => run,
                Err(error) => {
                    self.runs.unreadable.push(error);
                    continue;
                }
            };
            let (history, who) = (&run.history, &run.history.began.who);
            if !who.host.is_empty() && who.host != here {
                self.other_hosts.insert(who.host.clone());
            }
            if history.is_alive() {
                self.runs.running.push(run_id);
            } else if history.is_complete() && history.began.changes_things() {
                completed.extend(history.began.components.iter().cloned());
            } else if is_unfinished(&run)
                && who.host == here
                && !history.began.components.is_subset(&completed)
            {
                self.add_died(&run);
            }
        }
    }

    fn add_died(&mut self, run: &LoggedRun) {
        let began = &run.history.began;
        if self.runs.died.len() < SHOWN {
            self.runs.died.push(DiedRun {
                run_id: run.run_id.clone(),
                operation: began.who.operation.clone(),
                is_resumable: !(began.is_about_drift() || began.is_state_edit() || began.is_rollback()),
                user: began.user.clone(),
                since: began.who.since.clone(),
            });
        }
    }

    fn read_component(&mut self, layout: &Layout, name: &Name, paths: &ComponentPaths) -> Result<()> {
        let apply = UnfinishedApply::read(&paths.applying())?;
        // Read again: the apply may have ended before its lock was read.
        let apply = apply.filter(|_| matches!(lock::holder(&paths.lock()), Ok(None)));
        let apply = apply.filter(|apply| {
            UnfinishedApply::read(&paths.applying()).is_ok_and(|again| again.as_ref() == Some(apply))
        });
        self.runs.interrupted.extend(apply.map(|apply| interrupted(name, apply)));
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
                        Ok(apply) => self.runs.interrupted.push(interrupted(&name, apply)),
                    }
                }
            }
        }
    }

    fn knows(&self, name: &Name) -> bool {
        self.runs.interrupted.iter().any(|apply| apply.component == name.as_str())
    }
}

fn is_unfinished(run: &LoggedRun) -> bool {
    run.history.finished.is_none() && run.history.began.changes_things()
}

fn interrupted(name: &Name, apply: UnfinishedApply) -> InterruptedApply {
    let UnfinishedApply { run_id, started, host, .. } = apply;
    InterruptedApply { component: name.to_string(), run_id, since: started, host }
}
