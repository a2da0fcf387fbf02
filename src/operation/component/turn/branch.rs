//! The plan of a branch is made beside the workdir, and nothing that the next run uses changes.

use super::Turn;
use crate::error::Result;
use crate::operation::component::migrate_backend;
use crate::operation::exec::init::{InitOptions, initialise, is_initialised, lock_file, ships_lock_file};
use crate::workdir::{Manifest, materialise, read, write};

/// Lays out and initialises the module of the branch. Refuses a branch with another backend: the state is in the old
/// one. Returns notes.
pub(super) async fn prepare(turn: &Turn<'_>, manifest: &mut Manifest) -> Result<Vec<String>> {
    let Turn { invoker, module, backend, .. } = *turn;
    if let Some(record) = turn.record.filter(|record| record.resources > 0)
        && record.backend != backend.unwrap_or_default()
    {
        return Err(migrate_backend::changed(record, backend));
    }
    let mut notes = materialise(invoker.context.paths, module, backend, turn.variables, manifest)?;
    if !ships_lock_file(module)
        && let Some(in_force) = read(&invoker.context.paths.lock_file_in_force(&module.subdir))?
    {
        // The versions of the providers in force, as far as the branch allows them.
        write(&lock_file(invoker), &in_force)?;
    }
    if !is_initialised(invoker, module, backend) {
        // Another branch may have had another backend, or newer providers.
        let _ = std::fs::remove_dir_all(invoker.context.paths.data());
    }
    let options = InitOptions { upgrade: turn.intent.options.upgrade, ..InitOptions::default() };
    notes.extend(initialise(invoker, module, backend, options).await?);
    Ok(notes)
}
