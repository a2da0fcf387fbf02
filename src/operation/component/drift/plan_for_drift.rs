//! A plan that is searched for changes made outside of Terraform.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::change::{self, AbsorbedValues, AcceptedValues, Changes, DriftFindings};
use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::component::drift_baseline::KnownBaseline;
use crate::operation::component::{plan, reports};
use crate::operation::exec::{Invoker, saved_plan_file};
use crate::operation::store::keyed_digest::keyed;
use crate::operation::store::plan_basis::PlanBasis;
use crate::record::Record;
use crate::report::{DriftClass, Drifted, FirstLook};
use crate::terraform::{Event, PlanArguments, ROOM, Refresh};
use crate::words::words;

/// Digits of the digest: enough to tell one drift from another, and few enough to type.
const ID_DIGITS: usize = 32;

#[derive(Default)]
pub(super) struct DriftPlan {
    pub changes: Changes,
    pub drift: Vec<Drifted>,
    /// Values that a first look accepts.
    pub first_look: Vec<FirstLook>,
    /// All values that differ from the state and are not drift.
    pub accepted: AcceptedValues,
    /// What is in the state and still not accepted.
    pub absorbed: AbsorbedValues,
    /// None if nothing was changed outside.
    pub drift_id: Option<String>,
    /// The same without what a plan would do.
    pub outside_id: Option<String>,
}

/// An error if this is not the drift that was reported.
pub(super) fn same(found: &DriftPlan, drift_id: &str, file: &Path) -> Result<()> {
    if found.drift_id.as_deref() == Some(drift_id) {
        return Ok(());
    }
    let _ = std::fs::remove_file(file);
    let now = match &found.drift_id {
        Some(now) => format!("the current drift is {now}"),
        None => "there is no such drift now".to_owned(),
    };
    let message = format!("drift {drift_id} is out of date: {now}");
    let remedy = words!["nothing was applied; check again with ", command("drift").here()];
    Err(Error::new(Layer::Terraform, Phase::Planning, Code::DriftMoved, message, remedy))
}

/// One terraform process, and a second one if its stream shows a difference. Beside the workdir it takes no lock of
/// the state: it writes nothing there, and nobody has to wait.
///
/// With `Refresh::Only` it is not known whether Terraform would undo a change.
/// `record`: the record of the last run. That run may have followed another registration of a job than the state
/// names.
pub(super) async fn plan_for_drift(
    invoker: &Invoker<'_>,
    file: &Path,
    basis: &PlanBasis,
    refresh: Refresh,
    record: Option<&Record>,
    baseline: &KnownBaseline,
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
    if !differs && !baseline.must_be_compared() {
        return Ok(DriftPlan { changes: Changes { outputs, ..Changes::default() }, ..DriftPlan::default() });
    }
    let document = saved_plan_file::document(invoker, file).await?;
    let mut followed = record.map(|record| record.followed.clone()).unwrap_or_default();
    followed.retain(|job, _| record.is_none_or(|record| !record.foreign.contains(job)));
    let seen = baseline.findings(invoker, (&document, refresh), &followed);
    let drift_id = identify(invoker, &seen, &seen.exact, basis)?;
    let outside_id = identify(invoker, &seen, &seen.outside, basis)?;
    let DriftFindings { changes: drift, first_look, accepted, absorbed, .. } = seen;
    let changes = if refresh == Refresh::Only { Changes::default() } else { change::read(&document) };
    Ok(DriftPlan {
        changes: reports::redacted(&invoker.context.redactor, changes),
        drift,
        first_look,
        accepted,
        absorbed,
        drift_id,
        outside_id,
    })
}

/// An id of the drift and of the configuration that it was compared with. It reveals neither.
fn identify(
    invoker: &Invoker<'_>,
    seen: &DriftFindings,
    what: &Value,
    basis: &PlanBasis,
) -> Result<Option<String>> {
    if seen.changes.iter().all(|one| one.class == DriftClass::Pending) {
        return Ok(None);
    }
    let mut id = keyed(&invoker.context.session.call.layout, &json!([what, basis.digest()]))?;
    id.truncate(ID_DIGITS);
    Ok(Some(id))
}
