//! Written before the first effect of an apply: a snapshot of the state, and the configuration to apply.

use std::time::SystemTime;

use super::PlannedApply;
use crate::clock;
use crate::error::{Error, Result};
use crate::model::Input;
use crate::operation::runtime::blocking;
use crate::operation::store::configurations;
use crate::snapshot::{Capture, Snapshot, SnapshotStore, ValueOrigin};
use crate::words::words;

impl PlannedApply<'_> {
    /// Takes a snapshot, and removes the oldest ones beyond the limit. If it cannot be written, nothing may be
    /// applied.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let invoker = self.invoker;
        let store = SnapshotStore::new(invoker.context.paths.snapshots());
        let applied = self.record.and_then(|record| record.applied.clone());
        let needed: Vec<String> =
            self.record.iter().flat_map(|record| record.configurations()).map(str::to_owned).collect();
        for configuration in &needed {
            configurations::download(
                &invoker.context.session.call.locks,
                &invoker.context.session.blueprint.environment,
                &invoker.context.component.name,
                &store,
                configuration,
            )
            .await;
        }
        let snapshot = Snapshot {
            snapshot_id: store.next_id(),
            run_id: invoker.context.session.call.run_id.clone(),
            time: clock::now(),
            operation: invoker.context.session.call.operation.clone(),
            destroy: self.destroy,
            terraform: invoker.context.session.call.tool.identity(),
            lineage: self.state_before.lineage.clone(),
            serial: self.state_before.serial,
            resources: self.state_before.resources,
            configuration: applied,
            ..Snapshot::default()
        };
        let (capture, state) = (self.prepared(), self.text.clone());
        let taken = blocking(move || {
            let next = store.capture(capture)?;
            let state = state.map(|state| store.put(&state)).transpose()?;
            let snapshot = Snapshot { next, state, ..snapshot };
            store.write(&snapshot)?;
            store.sync()?;
            let protected: Vec<_> = needed.iter().map(String::as_str).collect();
            Ok((snapshot, store.prune(&protected, SystemTime::now())))
        });
        let (snapshot, pruned) = taken.await.map_err(|error: Error| {
            let message = words!["nothing was applied, because the snapshot failed: ", &error.message];
            Error { message, ..error }
        })?;
        if let Err(error) = pruned {
            tracing::warn!("{}: old snapshots could not be removed: {error}", invoker.context.component.name);
        }
        Ok(snapshot)
    }

    /// Stores only the configuration; returns its digest.
    pub async fn configuration(&self) -> Result<String> {
        let (store, capture) = (SnapshotStore::new(self.invoker.context.paths.snapshots()), self.prepared());
        blocking(move || {
            let digest = store.capture(capture)?;
            store.sync().map(|()| digest)
        })
        .await
    }

    fn prepared(&self) -> Capture {
        let invoker = self.invoker;
        let declared = &self.node.component.inputs;
        let origin = |variable: &String| Some((variable.clone(), ValueOrigin::of(declared.get(variable)?)));
        let is_read = |variable: &&String| {
            matches!(declared.get(*variable), Some(Input::Output(_) | Input::Outputs(_)))
        };
        Capture {
            module: invoker.context.session.modules[&invoker.context.component.name].clone(),
            folder: invoker.context.paths.module(),
            variables: self.variables.to_owned(),
            outputs: self.inputs.known.keys().filter(is_read).filter_map(origin).collect(),
            secrets: self.inputs.secret.keys().filter_map(origin).collect(),
            terraform: invoker.context.session.call.tool.identity(),
            backend: self.backend.unwrap_or_default().to_owned(),
            deployment_id: self.node.deployment_id.clone(),
            facts: self.basis.digest(),
        }
    }
}
