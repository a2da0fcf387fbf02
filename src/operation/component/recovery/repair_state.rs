//! Repairs a local state that is not complete from its newest copy, or refuses it.

use std::path::Path;

use super::{leftovers, unsaved_states};
use crate::decide::{self, LocalStateAction, RecordedState, StateFile};
use crate::error::Result;
use crate::operation::exec::Invoker;
use crate::record::UnfinishedApply;
use crate::snapshot::SnapshotStore;
use crate::words::Words;
use crate::workdir::{self, ensure_lasting, remove, replace};

/// Returns what was done. None if the state is complete, or if no copy can repair it.
pub(super) fn repair_state(
    invoker: &Invoker<'_>,
    state: &Path,
    unfinished: Option<&UnfinishedApply>,
    remembered: Option<&RecordedState>,
) -> Result<Option<Words>> {
    let paths = invoker.context.paths;
    let text = workdir::read(state)?;
    let state_file = StateFile::of(text.as_deref());
    if state_file.head().is_some() {
        return Ok(None);
    }
    // A power failure may destroy the copies and the backup. The snapshot was synced before the apply.
    let digest = unfinished.map(|unfinished| unfinished.digest.as_str()).filter(|digest| !digest.is_empty());
    let snapshot = digest.map(|digest| SnapshotStore::new(paths.snapshots()).place(digest));
    // Terraform's own backup may belong to an older lineage: it is used only if the lineage is known.
    let backup = remembered.map(|_| paths.state_backup());
    let copies = leftovers::whole_states(snapshot.into_iter().chain(paths.copies()).chain(backup));
    let heads: Vec<_> = copies.iter().map(|(_, head)| head.clone()).collect();
    let what = match state_file {
        StateFile::Absent => "is missing",
        StateFile::Empty => "is empty",
        _ => "is incomplete",
    };
    let path = state.display();
    let verdict = decide::local_state_action(&state_file, unfinished.is_some(), remembered, &heads);
    let kept = match (&verdict, text.filter(|text| !text.is_empty())) {
        (LocalStateAction::SetAside | LocalStateAction::Restore(_), Some(text)) => {
            let kept = unsaved_states::keep_replaced(paths, &text)?;
            format!("; the old file was moved to {}", kept.display())
        }
        _ => String::new(),
    };
    match verdict {
        LocalStateAction::Leave => Ok(None),
        LocalStateAction::SetAside => {
            remove(state)?;
            Ok(Some(Words::own(format!(
                "{path} {what}: the first apply was interrupted in its first write{kept}"
            ))))
        }
        LocalStateAction::Restore(copy) => {
            let (copy, head) = &copies[copy];
            let text = workdir::read(copy)?.unwrap_or_default();
            ensure_lasting(&paths.workdir)?;
            replace(state, &text)?;
            let serial = head.serial;
            Ok(Some(Words::own(format!(
                "{path} {what}: restored from {}, at serial {serial}{kept}",
                copy.display()
            ))))
        }
        LocalStateAction::Refuse(copy) => {
            let (copy, head) = &copies[copy];
            let least = remembered.map(|state| state.serial).unwrap_or_default();
            let why = format!(
                "{path} {what}, and its newest copy has serial {}, but the state had serial {least} before",
                head.serial
            );
            Err(unsaved_states::required(invoker, copy, &why, true))
        }
    }
}
