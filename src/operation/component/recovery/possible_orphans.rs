//! Resources that an apply may have created and that no state contains: stored until a report has named them.

use super::state_copies;
use crate::decide::OrphanCandidate;
use crate::error::Result;
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, manual_commands};
use crate::record::{Record, UnfinishedApply, UnreportedOrphans};
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

/// The interrupted apply. A record that was written after it began proves that it has ended: then only the removal of
/// its file is missing, and its possible orphans are stored already.
pub(super) fn unfinished(context: &Context<'_>, record: Option<&Record>) -> Result<Option<UnfinishedApply>> {
    let Some(unfinished) = UnfinishedApply::read(&context.paths.applying())? else { return Ok(None) };
    let is_newer = unfinished.recorded.as_ref().is_some_and(|was| *was != Record::mark(record));
    if is_newer && record.is_some_and(|record| record.run_id == unfinished.run_id) {
        return remove_crash_files(context).map(|()| None);
    }
    Ok(Some(unfinished))
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

/// Stores these orphans safely, before a record is written and the files for the crash case are removed.
pub(in crate::operation::component) fn keep(
    context: &Context<'_>,
    candidates: &[OrphanCandidate],
) -> Result<()> {
    match candidates.is_empty() {
        true => Ok(()),
        false => write_unreported(context, candidates),
    }
}

/// The record is written, and says everything: removes the files for the crash case.
pub(in crate::operation::component) fn remove_crash_files(context: &Context<'_>) -> Result<()> {
    state_copies::clear(&context.paths.copies())?;
    UnfinishedApply::end(&context.paths.applying())
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
