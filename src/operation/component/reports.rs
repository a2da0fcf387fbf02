//! The report of a component's turn, made from an error or a plan.

use crate::change::{Changes, Redactor};
use crate::decide::PolicyViolation;
use crate::error::{Code, Error, Layer, Phase};
use crate::model::Name;
use crate::report::{ComponentReport, Status};

pub fn ended(error: Error) -> ComponentReport {
    let failed = ComponentReport::failed(error);
    let status = match failed.reason {
        Some(Code::Cancelled) => Status::Cancelled,
        // Other components continue.
        Some(Code::MissingVariable) => Status::Blocked,
        _ => Status::Failed,
    };
    ComponentReport { status, ..failed }
}

/// Removes secrets that the module did not mark as sensitive.
pub(super) fn redacted(redactor: &Redactor, mut changes: Changes) -> Changes {
    redactor.resources(&mut changes.resources);
    redactor.resources(&mut changes.deferred);
    redactor.actions(&mut changes.actions);
    changes
}

pub(super) fn planned(changes: Changes) -> ComponentReport {
    with(ComponentReport::new(Status::Planned, None), changes)
}

pub(super) fn blocked(changes: Changes, violation: PolicyViolation, name: &Name) -> ComponentReport {
    let error = Error::new(Layer::Salt, Phase::Planning, violation.code, violation.message, violation.remedy)
        .of(name)
        .with(serde_json::json!({ "addresses": violation.addresses }));
    let report =
        ComponentReport { error: Some(error), ..ComponentReport::new(Status::Blocked, violation.code) };
    with(report, changes)
}

/// Says what an apply of a saved plan does after something changed: `moved`, in words.
pub fn planned_again(moved: &[String]) -> String {
    format!(
        "these changed after the plan was made: {}. An apply plans it again, and applies only the same changes",
        moved.join(", ")
    )
}

pub fn with(report: ComponentReport, changes: Changes) -> ComponentReport {
    ComponentReport {
        changes: changes.counts,
        resource_changes: changes.resources,
        action_invocations: changes.actions,
        deferred_changes: changes.deferred,
        output_changes: changes.outputs,
        ..report
    }
}
