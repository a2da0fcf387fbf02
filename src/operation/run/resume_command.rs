//! The command that continues a run which failed or was stopped.

use std::collections::BTreeMap;

use crate::command_line::command;
use crate::journal::{CallValues, ROTATE, RunStart};
use crate::model::Name;
use crate::operation::request::answer::{ReportBuilder, result};
use crate::operation::request::call::CallPlace;
use crate::operation::store::run_log;
use crate::report::{ComponentReport, Status};
use crate::workdir::Layout;

/// None if `resume` would refuse the run, or if it would come to nothing: what is only blocked needs a decision first.
pub(super) fn of(
    builder: &ReportBuilder,
    layout: &Layout,
    environment: &Name,
    began: &RunStart,
    components: &BTreeMap<Name, ComponentReport>,
    is_rotating: bool,
) -> Option<String> {
    let is_here = matches!(builder.identity.place, CallPlace::Master { .. });
    let has_values = began.options.values != CallValues::NotStored;
    if !is_here || !has_values || !began.changes_things() || result(components) != Some(false) {
        return None;
    }
    // The secret has one value again, and a new rotation would be another one.
    if began.who.operation == ROTATE && !is_rotating {
        return None;
    }
    let can_go_on = |one: &ComponentReport| match one.status {
        Status::Failed | Status::Cancelled | Status::RolledBack | Status::Kept => true,
        Status::Skipped => one.after.is_none(),
        _ => false,
    };
    // After a rollback that failed, a person has to look first.
    let is_stuck = components.values().any(|one| one.status == Status::RollbackFailed);
    if is_stuck || !components.values().any(can_go_on) {
        return None;
    }
    let run = run_log::one(layout, environment, &builder.run_id).ok()??;
    let is_resumable = run.history.why_not_resumable().is_none();
    is_resumable.then(|| command("resume").with("run_id", &builder.run_id).to_string())
}
