//! Asks for Terraform's program, its backends and the locks.

use std::collections::BTreeMap;

use tokio::join;

use super::at_most::at_most;
use super::backend::{self, BackendProbe};
use super::deadline::Deadline;
use super::questions::Questions;
use crate::decide::layers::{
    BackendAnswer, BackendFacts, LayerReport, LeftLock, LockFacts, LockKeeper, ProgramFacts, TerraformFacts,
    terraform,
};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::{self, Holder};
use crate::model::{Backend, Component, LockSettings, VersionConstraint};
use crate::operation::store::held_locks;
use crate::process::Guardian;
use crate::record::BackendLockMarker;
use crate::terraform::Tool;
use crate::workdir::{ComponentPaths, Layout};

pub async fn ask(questions: &Questions<'_>) -> LayerReport {
    let (program, locks) = join!(programs(questions), locks(questions));
    let (program, backends) = program;
    let mut folders = Vec::new();
    let left = match Layout::new(&questions.settings().root, &questions.draft.environment) {
        Ok(layout) => left_locks(questions, &layout, locks.as_deref().unwrap_or_default(), &mut folders),
        // The locks are in the same folder, and say it.
        Err(_) => Vec::new(),
    };
    let environment = questions.draft.environment.clone();
    terraform(TerraformFacts { environment, program, backends, locks, left, folders })
}

async fn programs(questions: &Questions<'_>) -> (Result<ProgramFacts>, Vec<BackendFacts>) {
    let settings = &questions.settings().terraform;
    let (guardian, left) = (Guardian::start(), questions.deadline.left());
    let tool = match &guardian {
        Ok(guardian) => Tool::locate_within(left, settings, guardian, &questions.deadline.cancel).await,
        Err(error) => Err(error.clone()),
    };
    let mut all: Vec<(&Backend, Vec<&Component>)> = Vec::new();
    for component in questions.draft.components.values().filter(|one| one.enabled && one.source.is_some()) {
        match all.iter_mut().find(|(backend, _)| **backend == component.backend) {
            Some((_, components)) => components.push(component),
            None => all.push((&component.backend, vec![component])),
        }
    }
    let asked = all.into_iter().map(async |(backend, components)| BackendFacts {
        kind: backend.kind.clone(),
        answer: match (&guardian, &tool) {
            _ if backend.is_local() => local(questions),
            (Ok(guardian), Ok(tool)) => {
                backend::ask(&BackendProbe { questions, guardian, tool }, &components).await
            }
            _ => BackendAnswer::NotAsked("there is no usable program to ask with"),
        },
        components: components.into_iter().map(|one| one.name.clone()).collect(),
    });
    let backends = at_most(questions.settings().parallelism, asked).await;
    let program = tool.map(|tool| ProgramFacts {
        product: tool.product.key(),
        version: tool.version.to_string(),
        path: tool.path.display().to_string(),
        allowed: allowed(&settings.version),
    });
    (program, backends)
}

/// The versions that the settings and Eos allow.
fn allowed(version: &VersionConstraint) -> String {
    let (oldest, version) = (VersionConstraint::oldest().to_string(), version.to_string());
    if version == oldest { oldest } else { format!("{version}, and at least {oldest}") }
}

/// The states are in the folders of the components, whose rights are checked with them.
fn local(questions: &Questions<'_>) -> BackendAnswer {
    let layout = Layout::new(&questions.settings().root, &questions.draft.environment);
    match layout.and_then(|layout| layout.refuse_read_only("write states below")) {
        Ok(()) => BackendAnswer::Reachable(None),
        Err(error) => BackendAnswer::Unreachable(error),
    }
}

async fn locks(questions: &Questions<'_>) -> Result<Vec<LockFacts>> {
    let late = || {
        let message =
            format!("the locks of {} are not known: {}", questions.draft.environment, Deadline::missed());
        let remedy = "start Consul, or correct infrastructure:settings:lock:address";
        Err(Error::new(Layer::Host, Phase::Verification, Code::LockUnreachable, message, remedy))
    };
    let held = questions.deadline.within(held_locks::held(questions.draft)).await.unwrap_or_else(late)?;
    let here = Holder::here().host;
    Ok(held
        .into_iter()
        .map(|lock| LockFacts {
            component: lock.component,
            holder: lock.holder.to_string(),
            // Only the processes of this host can be examined.
            stale: lock.holder.host == here && lock.holder.is_gone(),
            kept_by: match (&questions.settings().lock, lock.holder.running()) {
                (LockSettings::Consul(_), _) => LockKeeper::Session(lock.id),
                (LockSettings::File, Some(terraform)) => LockKeeper::Terraform(terraform.pid),
                (LockSettings::File, None) => LockKeeper::File(lock.key),
            },
            run_id: lock.holder.run_id,
            operation: lock.holder.operation,
            user: lock.holder.user,
            host: lock.holder.host,
            since: lock.holder.since,
        })
        .collect())
}

/// Locks that a killed terraform may have left in a backend. A running one is left out: it holds the component's lock,
/// perhaps on another host.
fn left_locks(
    questions: &Questions<'_>,
    layout: &Layout,
    held: &[LockFacts],
    folders: &mut Vec<Error>,
) -> Vec<LeftLock> {
    let mut left = BTreeMap::new();
    for (name, component) in &questions.draft.components {
        if held.iter().any(|lock| lock.component == name.as_str()) {
            continue;
        }
        match layout.component(name).and_then(|paths| marker(&paths)) {
            Err(error) => folders.push(error.of(name)),
            Ok(None) => {}
            Ok(Some(BackendLockMarker { run_id, started, host, .. })) => {
                let (component, kind) = (name.clone(), component.backend.kind.clone());
                left.insert(name, LeftLock { component, kind, run_id, host, since: started });
            }
        }
    }
    left.into_values().collect()
}

fn marker(paths: &ComponentPaths) -> Result<Option<BackendLockMarker>> {
    paths.check()?;
    let Some(found) = BackendLockMarker::read(&paths.locking())? else { return Ok(None) };
    // The locks were listed earlier, or could not be.
    if lock::holder(&paths.lock())?.is_some() {
        return Ok(None);
    }
    // Read again: terraform may have ended before its lock was read.
    Ok(BackendLockMarker::read(&paths.locking())?.filter(|again| *again == found))
}
