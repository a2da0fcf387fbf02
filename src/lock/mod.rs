//! One run at a time for each component.
//!
//! Knows how a lock is taken, held, lost and shown. Must not know what is done under it.
//! Through it passes: a [`Holder`] in; a [`Guard`] out, and from it the [`Fence`] that an apply needs.

pub mod consul;
pub mod file;
mod guard;
mod holder;

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

pub use consul::{Consul, Doubt, Loss, Standing};
pub use file::holder;
pub use guard::{Fence, Guard};
pub use holder::Holder;

use crate::error::Result;
use crate::model;
use crate::process::Cancel;

/// Where locks are kept. One is opened a run.
#[derive(Clone, Debug)]
pub enum Service {
    File,
    /// With the file of this host as well: it names the terraform that runs, and the guardian keeps it.
    Consul(Consul),
}

impl Service {
    /// `token` is what the settings' reference leads to.
    pub fn open(settings: &model::Lock, token: Option<SecretString>) -> Result<Self> {
        match settings {
            model::Lock::File => Ok(Self::File),
            model::Lock::Consul(settings) => Consul::open(settings, token).map(Self::Consul),
        }
    }

    /// Takes the lock of the holder's component, waiting up to `timeout`. `path`: its file on this host.
    pub async fn acquire(
        &self,
        path: &Path,
        holder: &Holder,
        timeout: Duration,
        cancel: &Cancel,
    ) -> Result<Guard> {
        let deadline = Instant::now() + timeout;
        let file = file::acquire(path, holder, timeout, cancel).await?;
        let consul = match self {
            Self::File => None,
            Self::Consul(consul) => {
                let left = deadline.saturating_duration_since(Instant::now());
                Some(consul.acquire(holder, left, cancel).await?)
            }
        };
        Ok(Guard::new(file, consul))
    }
}
