//! Puts right the drift that was seen, and no other.

use std::path::Path;

use super::plan_for_drift::look;
use crate::error::{Error, Layer, Phase, Result};
use crate::model::Name;
use crate::operation::blueprint::earlier_configuration;
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::component::plan::Planned;
use crate::operation::exec::Invoker;
use crate::operation::store::facts::Facts;
use crate::record::Record;
use crate::snapshot::Store;
use crate::terraform::Refresh;
use crate::workdir::Layout;

/// Takes a component as it was last applied, in place of what the pillar has by now. `run`: the run's folder.
pub fn aim(prepared: &mut Prepared, name: &Name, run: &Path) -> Result<()> {
    let place = Layout::of(&prepared.blueprint)?.place(name)?;
    let applied = Record::read(&place.record())?.and_then(|record| record.applied);
    let applied = applied.ok_or_else(|| {
        let message = "it was never applied here in full: there is nothing that it could have drifted from";
        Error::new(Layer::Salt, Phase::Preparation, "never_applied", message, "apply it first").of(name)
    })?;
    let store = Store::new(place.snapshots());
    let configuration = store.configuration(&applied).map_err(|error| error.of(name))?;
    let folder = run.join(name).join("configuration");
    let (node, module) =
        earlier_configuration::whole(&prepared.blueprint.nodes[name], &configuration, &store, &folder)
            .map_err(|error| error.of(name))?;
    prepared.blueprint.nodes.insert(name.clone(), node);
    prepared.modules.insert(name.clone(), module);
    Ok(())
}

/// A plan that puts it right, in `file`.
pub async fn plan(
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
        Some(now) => format!("what is there now is {now}"),
        None => "nothing of it is there now".to_owned(),
    };
    let message = format!("drift {drift_id} is not what this plan finds: {now}");
    let remedy = "nothing was applied; look again by infrastructure.drift";
    Err(Error::new(Layer::Terraform, Phase::Planning, "drift_moved", message, remedy))
}
