//! Reverses one drift that was reported before, and no other.

use std::path::Path;

use super::plan_for_drift::plan_for_drift;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::component::drift_baseline::KnownBaseline;
use crate::operation::component::plan::PlanOutcome;
use crate::operation::exec::Invoker;
use crate::operation::store::plan_basis::PlanBasis;
use crate::record::Record;
use crate::terraform::Refresh;

/// Writes the plan that reverses it to `file`.
pub(in crate::operation::component) async fn plan(
    invoker: &Invoker<'_>,
    file: &Path,
    basis: &PlanBasis,
    record: Option<&Record>,
    drift_id: &str,
) -> Result<PlanOutcome> {
    let paths = invoker.context.paths;
    let nothing = Record::default();
    let baseline =
        KnownBaseline::read(&invoker.context.session.call.layout, paths, record.unwrap_or(&nothing))?;
    let drift_plan = plan_for_drift(invoker, file, basis, Refresh::First, record, &baseline).await?;
    if drift_plan.drift_id.as_deref() == Some(drift_id) {
        return Ok(match drift_plan.changes.resources.is_empty() {
            true => PlanOutcome::Nothing(Vec::new()),
            false => PlanOutcome::Changes(drift_plan.changes),
        });
    }
    let _ = std::fs::remove_file(file);
    let now = match &drift_plan.drift_id {
        Some(now) => format!("the current drift is {now}"),
        None => "there is no drift now".to_owned(),
    };
    let message = format!("drift {drift_id} is out of date: {now}");
    let remedy = "nothing was applied; check again with infrastructure.drift";
    Err(Error::new(Layer::Terraform, Phase::Planning, Code::DriftMoved, message, remedy))
}
