//! Resources that an apply may have created and that no state contains: stored until a report has named them.

use super::state_copies;
use crate::decide::Suspect;
use crate::error::Result;
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, manual_commands};
use crate::record::{Underway, Untold};
use crate::report::PossibleOrphan;
use crate::words::{Words, words};

/// Possible orphans that an earlier run found and did not report.
pub(super) fn untold(context: &Context<'_>) -> Result<Option<Untold>> {
    let path = context.place.untold();
    let Some(untold) = Untold::read(&path)? else { return Ok(None) };
    if context.session.call.layout.report(&untold.run_id).exists() {
        return Untold::end(&path).map(|()| None);
    }
    Ok(Some(untold))
}

/// Stores them: if this run crashes before its report is written, the next run reports them.
pub(super) fn promise(context: &Context<'_>, suspects: &[Suspect]) -> Result<()> {
    let (run_id, path) = (context.session.call.run_id.clone(), context.place.untold());
    let before = Untold::read(&path)?.filter(|before| before.run_id == run_id);
    let mut suspects = suspects.to_vec();
    for earlier in before.into_iter().flat_map(|before| before.suspects) {
        if !suspects.contains(&earlier) {
            suspects.push(earlier);
        }
    }
    Untold { run_id, suspects }.write(&path)
}

/// The record is written: removes the files for the crash case, after these orphans are stored safely.
pub(in crate::operation::component) fn forget(context: &Context<'_>, suspects: &[Suspect]) -> Result<()> {
    let place = context.place;
    if !suspects.is_empty() {
        promise(context, suspects)?;
    }
    state_copies::clear(&place.copies())?;
    Underway::end(&place.applying())
}

pub(in crate::operation::component) fn orphans(
    invoker: &Invoker<'_>,
    suspects: &[Suspect],
) -> Vec<PossibleOrphan> {
    let orphan = |suspect: &Suspect| PossibleOrphan {
        run_id: suspect.run_id.clone(),
        address: suspect.address.clone(),
        kind: suspect.kind.clone(),
        id: suspect.id.clone(),
        import: manual_commands::import(invoker, suspect),
    };
    suspects.iter().map(orphan).collect()
}

/// A text for people. The report's `possible_orphans` has the commands.
pub(in crate::operation::component) fn describe(suspects: &[Suspect]) -> Option<Words> {
    let name = |suspect: &Suspect| match &suspect.id {
        Some(id) => words![&suspect.address, " (id ", id, ", started by run "],
        None => words![&suspect.address, " (started by run "],
    };
    let names =
        suspects.iter().map(|suspect| name(suspect).and(Words::own(suspect.run_id.as_str())).and(")"));
    let names = names.reduce(|names, name| words![names, ", ", name])?;
    let what_to_do = ". They are in no state but may exist, and an apply would create them again. Before the \
                      next apply, delete them, or import them with the commands in possible_orphans";
    Some(words!["possible orphans: ", names, what_to_do])
}
