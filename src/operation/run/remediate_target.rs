//! Remediation of drift applies the last applied configuration, not today's pillar.

use std::path::Path;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::Name;
use crate::operation::blueprint::earlier_configuration;
use crate::operation::blueprint::prepared::Prepared;
use crate::record::Record;
use crate::snapshot::SnapshotStore;
use crate::workdir::Layout;

/// Replaces a component by its last applied configuration. `run`: the run's folder.
pub(super) fn aim(prepared: &mut Prepared, name: &Name, run: &Path) -> Result<()> {
    let paths = Layout::of(&prepared.blueprint)?.component(name)?;
    let applied = Record::read(&paths.record())?.and_then(|record| record.applied);
    let applied = applied.ok_or_else(|| {
        let message = "it was never completely applied here, so it cannot drift";
        Error::new(Layer::Salt, Phase::Preparation, Code::NeverApplied, message, "apply it first").of(name)
    })?;
    let store = SnapshotStore::new(paths.snapshots());
    let configuration = store.configuration(&applied).map_err(|error| error.of(name))?;
    let folder = run.join(name).join("configuration");
    let (node, module) =
        earlier_configuration::whole(&prepared.blueprint.nodes[name], &configuration, &store, &folder)
            .map_err(|error| error.of(name))?;
    prepared.blueprint.nodes.insert(name.clone(), node);
    prepared.modules.insert(name.clone(), module);
    Ok(())
}
