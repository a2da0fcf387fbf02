//! Decides from a component's change in this run whether it is rolled back, and what its report says.

use crate::command_line::command;
use crate::decide::{self, ApplyFailure, ChangeProgress, FailedRunComponent, RollbackDecision};
use crate::error::Code;
use crate::model::Name;
use crate::operation::intent::rollback::RollbackTarget;
use crate::operation::session::{PriorState, Session};
use crate::report::{ComponentReport, RolledBackTo, Status};
use crate::resolve::newer_providers;
use crate::snapshot::{Snapshot, SnapshotStore};
use crate::words::words;

pub(super) fn decide(session: &Session, name: &Name, prior: &PriorState) -> RollbackDecision {
    let component = &session.blueprint.nodes[name].component;
    decide::decide_rollback(&FailedRunComponent {
        progress: prior.progress,
        on_failure: session.on_failure(name),
        rollback: &component.rollback,
        known_good: prior.known_good.as_deref(),
        attempted: Some(&prior.attempted),
        downgrade: downgrade(session, name, prior),
    })
}

/// Whether the state was written by a newer provider than the known-good configuration has. Unknown counts as no.
fn downgrade(session: &Session, name: &Name, prior: &PriorState) -> bool {
    let Ok(paths) = session.call.layout.component(name) else { return false };
    let store = SnapshotStore::new(paths.snapshots());
    let lock_file = |digest: &str| {
        let digest = store.configuration(digest).ok()?.lock_file?;
        String::from_utf8(store.object(&digest).ok()?).ok()
    };
    let known_good = prior.known_good.as_deref().and_then(lock_file);
    match (known_good, lock_file(&prior.attempted)) {
        (Some(then), Some(now)) => newer_providers(&then, &now),
        _ => false,
    }
}

/// The component stays as the run changed it.
pub(super) fn kept(report: Option<&mut ComponentReport>, prior: &PriorState, reason: Code) {
    let Some(report) = report else { return };
    report.notes.push(words!["not rolled back (", reason.as_str(), "): the changes of this run stay"]);
    // A failure with an unknown result keeps its own status.
    if matches!(prior.progress, ChangeProgress::Applied | ChangeProgress::Failed(ApplyFailure::StateKnown)) {
        report.status = Status::Kept;
        report.reason = Some(reason);
    }
}

pub(super) fn is_back(report: &ComponentReport) -> bool {
    report.status.ended_well()
}

/// The configuration of the target, and the snapshot that has it.
pub(super) fn rolled_back_to(session: &Session, name: &Name, target: &RollbackTarget) -> RolledBackTo {
    let store = session.call.layout.component(name).map(|paths| SnapshotStore::new(paths.snapshots()));
    let has_it = |snapshot: &Snapshot| match &target.snapshot_id {
        Some(id) => snapshot.snapshot_id == *id,
        None => snapshot.configuration.as_ref() == Some(&target.configuration),
    };
    let found = store.ok().and_then(|store| {
        let mut newest_first = store.list().ok()?.into_iter().filter_map(|id| store.read(&id).ok());
        newest_first.find(has_it)
    });
    let (snapshot_id, time) = found.map(|snapshot| (snapshot.snapshot_id, snapshot.time)).unzip();
    RolledBackTo { configuration: target.configuration.clone(), snapshot_id, time }
}

/// Adds the result of the rollback to the report of the failed run.
pub(super) fn tell(environment: &Name, name: &Name, report: &mut ComponentReport, back: ComponentReport) {
    let (status, reason) = match back.status {
        _ if is_back(&back) => (Status::RolledBack, report.reason),
        Status::Blocked => (Status::RollbackNeedsApproval, back.reason),
        Status::Failed if back.reason != Some(Code::MovedSince) => (Status::RollbackFailed, back.reason),
        _ => (Status::Kept, back.reason),
    };
    report.status = status;
    report.reason = reason;
    match status {
        Status::RolledBack => {
            report.outputs = back.outputs.clone();
            report.notes.push("it has its known-good configuration");
            if let Some(to) = &back.rolled_back_to {
                report.back_to(to.clone());
            }
        }
        _ => {
            if let Some(first) = &report.error {
                report.notes.put_first(words!["the first failure was: ", &first.message]);
            }
            report.error = back.error.clone().or(report.error.take());
        }
    }
    if let (Status::RollbackNeedsApproval, Some(error)) = (status, &mut report.error) {
        let snapshot = report.snapshot_id.as_deref().unwrap_or_default();
        let back = || {
            let back = command("rollback").of(environment).with("components", name);
            back.with("snapshot_id", snapshot)
        };
        error.remedy = words![
            "correct the pillar and run again, or preview a rollback: ",
            back().flag("test"),
            ", then do it: ",
            back().with("confirm", environment)
        ];
    }
    report.rollback = Some(Box::new(back));
}
