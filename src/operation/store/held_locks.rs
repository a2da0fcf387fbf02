//! The locks of an environment that are held now: on this host or, with Consul, on any host.

use serde::Serialize;

use super::lock_service::service;
use crate::error::Result;
use crate::lock::{self, Holder, LockService};
use crate::model::Draft;
use crate::workdir::Layout;

/// A held lock.
#[derive(Debug, Serialize)]
pub struct HeldLock {
    /// The key in Consul, or the file.
    pub key: String,
    pub environment: String,
    pub component: String,
    /// The id that `unlock` needs: of the session, or of the run.
    pub id: String,
    pub holder: Holder,
}

pub async fn held(draft: &Draft) -> Result<Vec<HeldLock>> {
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    if let LockService::Consul(consul) = service(&draft.settings)? {
        let listed = consul.list(Some(draft.environment.as_str())).await?;
        let held = listed.into_iter().map(|lock| HeldLock {
            key: lock.key,
            environment: lock.environment,
            component: lock.component,
            id: lock.id,
            holder: lock.holder,
        });
        return Ok(held.collect());
    }
    let mut held = Vec::new();
    for component in draft.components.keys() {
        let path = layout.component(component)?.lock();
        if let Some(holder) = lock::holder(&path)? {
            held.push(HeldLock {
                key: path.display().to_string(),
                environment: draft.environment.to_string(),
                component: component.to_string(),
                id: holder.run_id.clone(),
                holder,
            });
        }
    }
    Ok(held)
}
