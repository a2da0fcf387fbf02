//! Resources that an apply may have created and that no state contains: stored until a report has named them.

use super::state_copies;
use crate::decide::OrphanCandidate;
use crate::error::Result;
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, manual_commands};
use crate::record::{UnfinishedApply, UnreportedOrphans};
use crate::report::PossibleOrphan;
use crate::words::{Words, words};

/// Possible orphans that an earlier run found and did not report.
pub(super) fn unreported(context: &Context<'_>) -> Result<Option<UnreportedOrphans>> {
    let path = context.paths.unreported_orphans();
    let Some(unreported) = UnreportedOrphans::read(&path)? else { return Ok(None) };
    if context.session.call.layout.report(&unreported.run_id).exists() {
        return UnreportedOrphans::end(&path).map(|()| None);
    }
    Ok(Some(unreported))
}

/// Stores them: if this run crashes before its report is written, the next run reports them.
pub(super) fn write_unreported(context: &Context<'_>, candidates: &[OrphanCandidate]) -> Result<()> {
    let (run_id, path) = (context.session.call.run_id.clone(), context.paths.unreported_orphans());
    let before = UnreportedOrphans::read(&path)?.filter(|before| before.run_id == run_id);
    let mut candidates = candidates.to_vec();
    for earlier in before.into_iter().flat_map(|before| before.suspects) {
        if !candidates.contains(&earlier) {
            candidates.push(earlier);
        }
    }
    UnreportedOrphans { run_id, suspects: candidates }.write(&path)
}

/// The record is written: removes the files for the crash case, after these orphans are stored safely.
pub(in crate::operation::component) fn forget(
    context: &Context<'_>,
    candidates: &[OrphanCandidate],
) -> Result<()> {
    let paths = context.paths;
    if !candidates.is_empty() {
        write_unreported(context, candidates)?;
    }
    state_copies::clear(&paths.copies())?;
    UnfinishedApply::end(&paths.applying())
}

pub(in crate::operation::component) fn orphans(
    invoker: &Invoker<'_>,
    candidates: &[OrphanCandidate],
) -> Vec<PossibleOrphan> {
    let orphan = |candidate: &OrphanCandidate| PossibleOrphan {
        run_id: candidate.run_id.clone(),
        address: candidate.address.clone(),
        kind: candidate.kind.clone(),
        id: candidate.id.clone(),
        import: manual_commands::import(invoker, candidate),
    };
    candidates.iter().map(orphan).collect()
}

/// A text for people. The report's `possible_orphans` has the commands.
pub(in crate::operation::component) fn describe(candidates: &[OrphanCandidate]) -> Option<Words> {
    let name = |candidate: &OrphanCandidate| match &candidate.id {
        Some(id) => words![&candidate.address, " (id ", id, ", started by run "],
        None => words![&candidate.address, " (started by run "],
    };
    let names = candidates
        .iter()
        .map(|candidate| name(candidate).and(Words::own(candidate.run_id.as_str())).and(")"));
    let names = names.reduce(|names, name| words![names, ", ", name])?;
    let what_to_do = ". They are in no state but may exist, and an apply would create them again. Before the \
                      next apply, delete them, or import them with the commands in possible_orphans";
    Some(words!["possible orphans: ", names, what_to_do])
}
