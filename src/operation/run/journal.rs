//! The journal of a run: its folder, its first line, and the removal of old runs and plans.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::journal::{Journal, JournalEntry, RunStart};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::store::{approvals, run_log};
use crate::workdir::{Layout, ensure_lasting, ensure_private, retain_newest, retain_newest_of_each};

/// How many runs, and how many saved plans, are kept.
const KEPT_RUNS: usize = 50;
const KEPT_PLANS: usize = 20;

/// Creates the run's folder and journal, and removes old ones. It keeps this run, its plan, and runs that can be
/// resumed.
pub fn begin(
    layout: &Layout,
    builder: &ReportBuilder,
    began: RunStart,
    begun: &mut Option<PathBuf>,
) -> Result<Journal> {
    let run = layout.run(&builder.run_id);
    ensure_lasting(&layout.runs())?;
    ensure_private(&run)?;
    layout.give_all();
    let plan = began.plan_id.as_ref().map(|plan_id| layout.plan(plan_id));
    if let Some(branch) = &builder.identity.branch {
        run_log::note_branch(&run, branch)?;
    }
    // Many merge requests must not push the runs of the environment itself out.
    let is_of_branch = |folder: &Path| run_log::branch(folder).is_some();
    let keep = |is_of_branch: &bool| if *is_of_branch { KEPT_PLANS } else { KEPT_RUNS };
    let needed = |folder: &Path| folder == run || run_log::is_needed(folder);
    retain_newest_of_each(&layout.runs(), is_of_branch, keep, needed);
    retain_newest(&layout.plans(), KEPT_PLANS, |folder| {
        plan.as_deref() == Some(folder) || approvals::is_awaited(folder)
    });
    retain_newest(&layout.branch_plans(), KEPT_PLANS, |_| false);
    let journal = Journal::of(&run);
    journal.note(JournalEntry::Began(Box::new(began)))?;
    *begun = Some(run);
    Ok(journal)
}
