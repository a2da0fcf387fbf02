//! Moves a state when the pillar's backend changes: reads it from the old backend and pushes it to the new one.

use std::fs;

use crate::command_line::command;
use crate::count::counted;
use crate::decide::State;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::exec::Invoker;
use crate::operation::exec::command_output::CommandOutput;
use crate::record::Record;
use crate::resolve::Module;
use crate::terraform;
use crate::words::words;
use crate::workdir::{ComponentPaths, remove, replace};

/// Runs before the new backend is written; refuses if the state may not move. True: an init has to forget the old one.
pub(super) async fn prepare(
    invoker: &Invoker<'_>,
    module: &Module,
    record: Option<&Record>,
    backend: Option<&str>,
    may_migrate: bool,
) -> Result<bool> {
    let Some(record) = record else {
        return Ok(false);
    };
    if record.backend == backend.unwrap_or_default() {
        return Ok(false);
    }
    if record.resources > 0 {
        if !may_migrate {
            return Err(changed(record, backend));
        }
        // An interrupted migration has already read the state, and the old block may be gone.
        if !moved_state(invoker.context.paths).exists() {
            replace(&moved_state(invoker.context.paths), &old_state(invoker, module, record).await?)?;
        }
    }
    // This file refers to the old backend. The init of the new backend writes another.
    remove(&invoker.context.paths.data().join("terraform.tfstate"))?;
    remove(&invoker.context.paths.initialised())?;
    Ok(true)
}

/// Runs after the init of the new backend: pushes the state, unless another is there. True: it was moved.
pub(super) async fn finish(invoker: &Invoker<'_>, reconfigured: bool) -> Result<bool> {
    let moved = moved_state(invoker.context.paths);
    if !reconfigured || !moved.exists() {
        return Ok(false);
    }
    match invoker.context.state() {
        Some(local) if local.exists() => {
            let message = format!("{} exists where the state has to be moved to", local.display());
            return Err(Error::new(
                Layer::Terraform,
                Phase::Preparation,
                Code::BackendOccupied,
                message,
                "move it away",
            ));
        }
        Some(local) => fs::rename(&moved, &local).map_err(|error| Error::file(&local, "write", error))?,
        None => {
            let timeout = invoker.context.component.timeouts.plan;
            let output = invoker.plain("state-push", terraform::state_push(&moved), timeout).await?;
            if output.exit.code != Some(0) {
                return Err(invoker.failure("state push", Phase::Preparation, &output));
            }
            remove(&moved)?;
            set_aside(&invoker.context.paths.state())?;
        }
    }
    tracing::info!("{}: the state was moved to the new backend", invoker.context.component.name);
    Ok(true)
}

/// A moved state may start a new lineage: Terraform creates one when a state is pushed to an empty backend.
pub(super) fn verify(record: &Record, current: Option<&State>, paths: &ComponentPaths) -> Result<()> {
    let resources = current.map_or(0, |state| state.resources);
    if resources == record.resources {
        return Ok(());
    }
    let message = format!(
        "the moved state has {}, but the last run left {}",
        counted(resources, "resource"),
        record.resources
    );
    let remedy = format!("compare it with {}", paths.state().with_extension("tfstate.moved").display());
    Err(Error::new(Layer::Terraform, Phase::Preparation, Code::StateReplaced, message, remedy))
}

async fn old_state(invoker: &Invoker<'_>, module: &Module, record: &Record) -> Result<Vec<u8>> {
    if record.backend.is_empty() {
        let path = invoker.context.paths.state();
        return fs::read(&path).map_err(|error| Error::file(&path, "read", error));
    }
    let old = invoker.context.paths.module().join(&module.subdir).join("backend.tf");
    if !old.exists() {
        let message =
            format!("the block of the old backend, {}, is gone, so its state cannot be read", old.display());
        let remedy = "set the old backend in the pillar again and run once, then change it";
        return Err(Error::new(Layer::Host, Phase::Preparation, Code::BackendLost, message, remedy));
    }
    let timeout = invoker.context.component.timeouts.plan;
    let (exit, state) = invoker.document("state-pull", terraform::state_pull(), timeout).await?;
    match exit.code {
        Some(0) if !state.is_empty() => Ok(state),
        _ => Err(invoker.failure(
            "state pull",
            Phase::Preparation,
            &CommandOutput { exit, diagnostics: Vec::new() },
        )),
    }
}

pub(super) fn changed(record: &Record, backend: Option<&str>) -> Error {
    let kind = |text: &str| text.split('"').nth(1).unwrap_or("local").to_owned();
    let (old, new) = (kind(&record.backend), kind(backend.unwrap_or_default()));
    let what = match old == new {
        true => format!("the arguments of the {old} backend changed"),
        false => format!("the backend changed from {old} to {new}"),
    };
    let message =
        format!("{what}; the state with {} is still in the old one", counted(record.resources, "resource"));
    let remedy = words![
        "to move the state (old credentials must still work): ",
        command("orchestrate").here().flag("migrate_backend"),
        "; otherwise set the old backend again"
    ];
    Error::new(Layer::Terraform, Phase::Preparation, Code::BackendChanged, message, remedy)
}

fn moved_state(paths: &ComponentPaths) -> std::path::PathBuf {
    paths.control().join("moving.tfstate")
}

/// A local state that was moved stays as evidence, under a name that terraform does not read.
fn set_aside(path: &std::path::Path) -> Result<()> {
    match path.exists() {
        true => fs::rename(path, path.with_extension("tfstate.moved"))
            .map_err(|error| Error::file(path, "rename", error)),
        false => Ok(()),
    }
}
