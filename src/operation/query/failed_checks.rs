//! Alerts of scheduled drift checks that cannot run.

use serde_json::json;

use crate::clock;
use crate::decide::next_alert;
use crate::error::Result;
use crate::model::{Component, Name};
use crate::operation::request::call::Call;
use crate::record::FailedCheck;
use crate::report::{ComponentReport, Report, Status};
use crate::view::announcement;
use crate::workdir::{ComponentPaths, ensure_private};

/// Counts the checks of a component that could not run, and sends what is due. It is due after as many checks in a row
/// as a drift.
pub(super) fn count(
    call: &Call<'_>,
    (environment, run_id): (&Name, &str),
    component: &Component,
    paths: &ComponentPaths,
    report: &ComponentReport,
) -> Result<()> {
    let before = FailedCheck::read(&paths.failed_check())?;
    let reason = report.reason.map(|reason| reason.to_string()).unwrap_or_default();
    let failed =
        matches!(report.status, Status::Failed | Status::Blocked | Status::Cancelled | Status::Skipped);
    if before.is_none() && !failed {
        return Ok(());
    }
    let known = before.as_ref().map(FailedCheck::finding);
    let (after, due) =
        next_alert(known.as_ref(), failed.then_some(reason.as_str()), component.drift.alert_after);
    let seen = after.as_ref().map(|after| after.seen);
    ensure_private(paths.control())?;
    FailedCheck::remember(&paths.failed_check(), before.as_ref(), after, &clock::now())?;
    if due {
        let data = json!({
            "environment": environment, "component": component.name, "run_id": run_id, "status": report.status,
            "reason": reason, "seen": seen, "message": announcement::why(report),
        });
        call.host.emit(&format!("eos/{environment}/{}/drift/failed", component.name), &data);
    }
    Ok(())
}

/// No component was checked. Nothing can be counted where the pillar cannot be read, so each such check alerts.
pub(super) fn alert(call: &Call<'_>, report: &Report) {
    let Some(error) = &report.error else { return };
    let data = json!({
        "environment": report.environment, "run_id": report.run_id, "reason": error.code,
        "message": error.message.to_string(),
    });
    call.host.emit(&format!("eos/{}/drift/failed", report.environment), &data);
}
