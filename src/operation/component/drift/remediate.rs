//! Reverses one drift that was reported before, and no other.

use std::path::Path;

use super::plan_for_drift::look;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::component::plan::Planned;
use crate::operation::exec::Invoker;
use crate::operation::store::facts::Facts;
use crate::record::Record;
use crate::terraform::Refresh;

/// Writes the plan that reverses it to `file`.
pub(in crate::operation::component) async fn plan(
    invoker: &Invoker<'_>,
    file: &Path,
    facts: &Facts,
    record: Option<&Record>,
    drift_id: &str,
) -> Result<Planned> {
    let found = look(invoker, file, facts, Refresh::First, record).await?;
    if found.drift_id.as_deref() == Some(drift_id) {
        return Ok(match found.changes.resources.is_empty() {
            true => Planned::Nothing(Vec::new()),
            false => Planned::Changes(found.changes),
        });
    }
    let _ = std::fs::remove_file(file);
    let now = match &found.drift_id {
        Some(now) => format!("the current drift is {now}"),
        None => "there is no drift now".to_owned(),
    };
    let message = format!("drift {drift_id} is out of date: {now}");
    let remedy = "nothing was applied; check again with infrastructure.drift";
    Err(Error::new(Layer::Terraform, Phase::Planning, Code::DriftMoved, message, remedy))
}
