//! What the scheduled drift checks of a component have found, and when they alert.

use crate::clock;
use crate::decide::next_alert;
use crate::error::Result;
use crate::model::Name;
use crate::operation::session::Session;
use crate::record::ObservedDrift;
use crate::report::ComponentReport;
use crate::workdir::ComponentPaths;

/// A scheduled check stores its result, reports what is due, and refreshes the cached outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftCheckKind {
    Once,
    Scheduled,
}

/// The results of the scheduled checks so far. A scheduled check adds its own and reports what is due.
pub(super) fn remember(
    session: &Session,
    name: &Name,
    paths: &ComponentPaths,
    kind: DriftCheckKind,
    mut report: ComponentReport,
) -> Result<ComponentReport> {
    let Some(drift) = &mut report.drift else { return Ok(report) };
    let before = ObservedDrift::read(&paths.drift())?;
    if kind == DriftCheckKind::Once {
        let same = before.filter(|before| Some(&before.drift_id) == drift.drift_id.as_ref());
        drift.seen = same.map(|same| same.seen);
        return Ok(report);
    }
    let alert_after = session.blueprint.nodes[name].component.drift.alert_after;
    let noticed = before.as_ref().map(ObservedDrift::finding);
    let (after, due) = next_alert(noticed.as_ref(), drift.drift_id.as_deref(), alert_after);
    drift.seen = after.as_ref().map(|after| after.seen);
    ObservedDrift::remember(&paths.drift(), before.as_ref(), after, &clock::now())?;
    if due {
        let changes: Vec<_> = drift
            .changes
            .iter()
            .map(|one| {
                serde_json::json!({ "address": one.address, "class": one.class, "actions": one.actions,
                    "undone_by_a_plan": one.undone_by_a_plan, "opens_to_everybody": one.opens_to_everybody })
            })
            .collect();
        let data = serde_json::json!({
            "environment": session.blueprint.environment,
            "component": name,
            "status": report.status,
            "drift_id": drift.drift_id,
            "seen": drift.seen,
            "configuration_changed": drift.configuration_changed,
            "changes": changes,
        });
        session.call.channel.emit(name, "drift", data);
        tracing::warn!("{name}: {} outside of Terraform", report.status.word());
    }
    Ok(report)
}
