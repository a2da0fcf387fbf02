//! A held lock of either kind.

use std::future::pending;
use std::marker::PhantomData;

use super::consul::{self, Standing};
use super::file;
use crate::error::{Error, Result};
use crate::process;

/// A held lock. Dropping it leaves the file to the guardian while terraform runs, and the key to Consul's patience.
#[derive(Debug)]
pub struct Guard {
    file: file::Guard,
    consul: Option<consul::Guard>,
}

/// Shows that a lock was held a moment ago; an apply asks for one.
#[derive(Debug)]
pub struct Fence<'a>(PhantomData<&'a Guard>);

impl Guard {
    pub(super) fn new(file: file::Guard, consul: Option<consul::Guard>) -> Self {
        Self { file, consul }
    }

    /// Asks whether the lock is ours still; refuses where it is not, or where nobody can say.
    pub async fn fence(&self) -> Result<Fence<'_>> {
        if let Some(consul) = &self.consul {
            consul.check().await?;
        }
        Ok(Fence(PhantomData))
    }

    /// For a terraform that is started under it.
    pub fn of_terraform(&self) -> process::Lock<'_> {
        self.file.of_terraform()
    }

    /// Resolves when the lock is lost for good: ask terraform to stop, once. A file lock is never lost.
    pub async fn lost(&self) -> Error {
        match &self.consul {
            None => pending().await,
            Some(consul) => consul.lost().await,
        }
    }

    pub fn standing(&self) -> Standing {
        self.consul.as_ref().map_or(Standing::Held, consul::Guard::standing)
    }

    /// The part that spans hosts, where there is one.
    pub fn consul(&self) -> Option<&consul::Guard> {
        self.consul.as_ref()
    }

    /// Frees the lock: call it once terraform is reaped.
    /// An error: this host is free, others wait until Consul's session has ended.
    pub async fn release(self) -> Result<()> {
        let released = match self.consul {
            None => Ok(()),
            Some(consul) => consul.release().await,
        };
        self.file.release();
        released
    }
}
