//! Decides from a component's change in this run whether it is rolled back, and what its report says.

use crate::decide::{self, Aftermath, Back, Did, Trouble};
use crate::error::Code;
use crate::model::Name;
use crate::operation::session::{Session, Was};
use crate::report::{ComponentReport, Status};
use crate::resolve::newer_providers;
use crate::snapshot::Store;
use crate::words::{Words, words};

pub(super) fn decide(session: &Session, name: &Name, was: &Was) -> Back {
    let component = &session.blueprint.nodes[name].component;
    decide::back(&Aftermath {
        did: was.did,
        on_failure: component.on_failure,
        rollback: &component.rollback,
        known_good: was.known_good.as_deref(),
        tried: Some(&was.tried),
        downgrade: downgrade(session, name, was),
    })
}

/// Whether the state was written by a newer provider than the known-good configuration has. Unknown counts as no.
fn downgrade(session: &Session, name: &Name, was: &Was) -> bool {
    let Ok(place) = session.call.layout.place(name) else { return false };
    let store = Store::new(place.snapshots());
    let lock_file = |digest: &str| {
        let digest = store.configuration(digest).ok()?.lock_file?;
        String::from_utf8(store.object(&digest).ok()?).ok()
    };
    let known_good = was.known_good.as_deref().and_then(lock_file);
    match (known_good, lock_file(&was.tried)) {
        (Some(then), Some(now)) => newer_providers(&then, &now),
        _ => false,
    }
}

/// The component stays as the run changed it.
pub(super) fn kept(report: Option<&mut ComponentReport>, was: &Was, reason: Code) {
    let Some(report) = report else { return };
    report.notes.push(words!["not rolled back (", reason.as_str(), "): the changes of this run stay"]);
    // A failure with an unknown result keeps its own status.
    if matches!(was.did, Did::Applied | Did::Failed(Trouble::Known)) {
        report.status = Status::Kept;
        report.reason = Some(reason);
    }
}

pub(super) fn is_back(report: &ComponentReport) -> bool {
    use Status::{Applied, AppliedWithWarnings, Destroyed, Unchanged};
    matches!(report.status, Applied | AppliedWithWarnings | Destroyed | Unchanged)
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
        error.remedy = Words::own(format!(
            "correct the pillar and run again, or preview a rollback: infrastructure.rollback {environment} \
             components={name} snapshot_id={snapshot} test=True, then use confirm={environment} in place of \
             test"
        ));
    }
    report.rollback = Some(Box::new(back));
}
