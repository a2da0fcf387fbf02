//! The lock under which the secrets of a service change.

use crate::error::Result;
use crate::lock::LockGuard;
use crate::model::{Name, VaultPath, secret_owner};
use crate::operation::session::Session;
use crate::process::Cancel;
use crate::workdir::ensure_lasting;

/// Does this work under the lock of the service whose secrets are at this path.
pub(super) async fn under<T>(
    session: &Session,
    path: &VaultPath,
    work: impl AsyncFnOnce() -> Result<T>,
) -> Result<T> {
    // The pillar may not have the service any more. Then no run deploys it.
    let Some(owner) = secret_owner(&session.blueprint, path) else { return work().await };
    let guard = acquire(session, owner).await?;
    let done = work().await;
    if let Err(error) = guard.release().await {
        tracing::warn!(repeated = true, "{error}");
    }
    done
}

async fn acquire(session: &Session, name: &Name) -> Result<LockGuard> {
    let paths = session.call.layout.component(name)?;
    ensure_lasting(paths.control())?;
    paths.check()?;
    let (holder, timeout) = (session.holder(name), session.blueprint.settings.lock_timeout);
    // After a request to stop, the rest still has to be put in order.
    let never = Cancel::new();
    let cancel = if session.call.cancel.cause().is_some() { &never } else { &session.call.cancel };
    let guard = session.call.locks.acquire(&paths.lock(), &holder, timeout, cancel).await?;
    guard.fence().await?;
    Ok(guard)
}
