//! One run at a time for each component.
//!
//! Knows how a lock is acquired, held, lost and shown. Must not know what is done while it is held.
//! In: a [`Holder`]. Out: a [`LockGuard`], and from it the [`Fence`] that an apply needs.

pub mod consul;
pub mod file;
mod guard;
mod held;
mod holder;
mod waiting;

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

pub use consul::{ConsulLocks, LockState, LostReason, UnknownReason};
pub use file::{holder, is_on_remote};
pub use guard::{Fence, LockGuard};
pub use held::HeldLock;
pub use holder::{Holder, host_name};
pub use waiting::Waiting;

use crate::error::Result;
use crate::model;
use crate::process::Cancel;

/// Where locks are kept. Each run opens one service.
#[derive(Clone, Debug)]
pub enum LockService {
    File,
    /// A key in Consul, and also the file of this host: the file names the running terraform, and the guardian keeps
    /// it.
    Consul(ConsulLocks),
}

impl LockService {
    /// `token` is the resolved value of the token's reference in the settings.
    pub fn open(settings: &model::LockSettings, token: Option<SecretString>) -> Result<Self> {
        match settings {
            model::LockSettings::File => Ok(Self::File),
            model::LockSettings::Consul(settings) => ConsulLocks::open(settings, token).map(Self::Consul),
        }
    }

    /// Acquires the lock of the holder's component. Waits up to `timeout`. `path` is the lock's file on this host.
    pub async fn acquire(
        &self,
        path: &Path,
        holder: &Holder,
        timeout: Duration,
        cancel: &Cancel,
    ) -> Result<LockGuard> {
        self.acquire_reporting(path, holder, timeout, cancel, &mut Waiting::new(&|_| {})).await
    }

    /// The same, and reports for whom it waits.
    pub async fn acquire_reporting(
        &self,
        path: &Path,
        holder: &Holder,
        timeout: Duration,
        cancel: &Cancel,
        waiting: &mut Waiting<'_>,
    ) -> Result<LockGuard> {
        let deadline = Instant::now() + timeout;
        let file = file::acquire_reporting(path, holder, timeout, cancel, waiting).await?;
        let consul = match self {
            Self::File => None,
            Self::Consul(consul) => {
                let left = deadline.saturating_duration_since(Instant::now());
                match consul.acquire_reporting(holder, left, cancel, waiting).await {
                    Ok(consul) => Some(consul),
                    Err(error) => {
                        // A process that is just being started has the descriptor too, until its program begins.
                        file.release();
                        return Err(error);
                    }
                }
            }
        };
        Ok(LockGuard::new(file, consul))
    }
}
