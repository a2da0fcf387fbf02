//! Reverses one drift that was reported before, and no other.

use std::path::Path;

use super::plan_for_drift::{self, plan_for_drift};
use crate::error::Result;
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
    let baseline = KnownBaseline::of(invoker, &record.map(Record::remembered).unwrap_or_default())?;
    let drift_plan = plan_for_drift(invoker, file, basis, Refresh::First, record, &baseline).await?;
    plan_for_drift::same(&drift_plan, drift_id, file)?;
    Ok(match drift_plan.changes.resources.is_empty() {
        true => PlanOutcome::Nothing(Vec::new()),
        false => PlanOutcome::Changes(drift_plan.changes),
    })
}
