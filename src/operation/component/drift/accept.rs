//! Takes one drift that was reported before into the state, and no other. No resource is changed.

use std::path::Path;

use super::plan_for_drift::{self, DriftPlan, plan_for_drift};
use crate::change::Changes;
use crate::error::Result;
use crate::operation::component::drift_baseline::KnownBaseline;
use crate::operation::component::plan::PlanOutcome;
use crate::operation::exec::Invoker;
use crate::operation::store::plan_basis::PlanBasis;
use crate::record::Record;
use crate::report::{Drifted, ResourceChange};
use crate::terraform::Refresh;

/// Writes a plan to `file` that only refreshes the state. An error if it would accept anything else than this drift.
pub(in crate::operation::component) async fn plan(
    invoker: &Invoker<'_>,
    file: &Path,
    basis: &PlanBasis,
    record: Option<&Record>,
    drift_id: &str,
) -> Result<PlanOutcome> {
    let baseline = KnownBaseline::of(invoker, &record.map(Record::remembered).unwrap_or_default())?;
    let seen = plan_for_drift(invoker, file, basis, Refresh::First, record, &baseline).await?;
    plan_for_drift::same(&seen, drift_id, file)?;
    // Only a plan of this kind leaves the resources as they are.
    let found = plan_for_drift(invoker, file, basis, Refresh::Only, record, &baseline).await?;
    if found.outside_id != seen.outside_id {
        plan_for_drift::same(&DriftPlan { drift_id: None, ..found }, drift_id, file)?;
    }
    let resources = seen.drift.into_iter().filter(|one| !one.actions.is_empty()).map(accepted).collect();
    Ok(PlanOutcome::Changes(Changes { resources, ..Changes::default() }))
}

fn accepted(one: Drifted) -> ResourceChange {
    let Drifted { address, kind, name, attributes, .. } = one;
    let actions = vec!["accept".to_owned()];
    ResourceChange { address, kind, name, actions, attributes, ..ResourceChange::default() }
}
