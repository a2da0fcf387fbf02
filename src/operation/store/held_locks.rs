//! The locks of an environment that are held now: on this host or, with Consul, on any host.

use super::lock_service::service;
use crate::error::Result;
use crate::lock::{self, HeldLock, LockService};
use crate::model::Draft;
use crate::workdir::Layout;

pub async fn held(draft: &Draft) -> Result<Vec<HeldLock>> {
    let layout = Layout::new(&draft.settings.root, &draft.environment)?;
    if let LockService::Consul(consul) = service(&draft.settings)? {
        return consul.list(Some(draft.environment.as_str())).await;
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
