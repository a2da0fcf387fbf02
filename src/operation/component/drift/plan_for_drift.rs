//! A plan that is searched for changes made outside of Terraform.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use crate::change::{self, Changes, DriftFindings};
use crate::error::{Phase, Result};
use crate::operation::component::{plan, reports};
use crate::operation::exec::{Invoker, saved_plan_file};
use crate::operation::store::keyed_digest::keyed;
use crate::operation::store::plan_basis::PlanBasis;
use crate::record::Record;
use crate::report::{DriftClass, Drifted};
use crate::terraform::{Event, PlanArguments, ROOM, Refresh};
use crate::workdir::Layout;

/// Digits of the digest: enough to tell one drift from another, and few enough to type.
const ID_DIGITS: usize = 32;

pub(super) struct DriftPlan {
    pub changes: Changes,
    pub drift: Vec<Drifted>,
    /// None if nothing was changed outside.
    pub drift_id: Option<String>,
}

/// One terraform process, and a second one if its stream shows a difference. Beside the workdir it takes no lock of
/// the state: it writes nothing there, and nobody has to wait.
///
/// With `Refresh::Only` it is not known whether Terraform would reverse a change: each change counts as drift.
/// `record`: the record of the last run. That run may have followed another registration of a job than the state
/// names.
pub(super) async fn plan_for_drift(
    invoker: &Invoker<'_>,
    file: &Path,
    basis: &PlanBasis,
    refresh: Refresh,
    record: Option<&Record>,
) -> Result<DriftPlan> {
    invoker.context.go_on(Phase::Planning).await?;
    let plan = PlanArguments {
        refresh,
        lock: !invoker.context.paths.is_for_drift_check(),
        ..plan::into(file, invoker)
    };
    let (mut differs, mut outputs) = (false, BTreeMap::new());
    let mut hear = |event: &Event| match event {
        Event::ResourceDrift(_) => differs = true,
        Event::PlannedChange(planned) => differs |= !matches!(planned.action.word(), "noop" | "read"),
        Event::Outputs(found) if refresh != Refresh::Only => outputs.extend(plan::changed(found)),
        _ => {}
    };
    let timeout = invoker.context.component.timeouts.plan;
    let output = invoker.stream("plan", plan.arguments(), timeout, ROOM, &mut hear).await?;
    if !matches!(output.exit.code, Some(0 | 2)) {
        return Err(invoker.failure("plan", Phase::Planning, &output));
    }
    if !differs {
        let changes = Changes { outputs, ..Changes::default() };
        return Ok(DriftPlan { changes, drift: Vec::new(), drift_id: None });
    }
    let document = saved_plan_file::document(invoker, file).await?;
    let mut followed = record.map(|record| record.followed.clone()).unwrap_or_default();
    followed.retain(|job, _| record.is_none_or(|record| !record.foreign.contains(job)));
    let seen = change::drift_findings(&document, &invoker.context.component.drift, &followed);
    let drift_id = identify(&invoker.context.session.call.layout, &seen, basis)?;
    let mut drift = seen.changes;
    if refresh == Refresh::Only {
        drift.iter_mut().for_each(|one| one.class = DriftClass::Drifted);
    }
    let changes = if refresh == Refresh::Only { Changes::default() } else { change::read(&document) };
    Ok(DriftPlan { changes: reports::redacted(&invoker.context.redactor, changes), drift, drift_id })
}

/// An id of the drift and of the configuration that it was compared with. It reveals neither.
fn identify(layout: &Layout, seen: &DriftFindings, basis: &PlanBasis) -> Result<Option<String>> {
    if seen.changes.iter().all(|one| one.class == DriftClass::Pending) {
        return Ok(None);
    }
    let mut id = keyed(layout, &json!([seen.exact, basis.digest()]))?;
    id.truncate(ID_DIGITS);
    Ok(Some(id))
}
