//! A held lock: the file of this host, and the key in Consul if one is used.

use std::future::pending;
use std::marker::PhantomData;

use super::consul::{self, LockState};
use super::file;
use crate::error::{Error, Result};
use crate::process;

/// A held lock. If it is dropped, the guardian keeps the file while terraform runs, and Consul keeps the key until the
/// session's TTL is over.
#[derive(Debug)]
pub struct LockGuard {
    file: file::FileLockGuard,
    consul: Option<consul::ConsulLockGuard>,
}

/// Proof that a lock was held a moment ago. An apply needs one.
#[derive(Debug)]
pub struct Fence<'a>(PhantomData<&'a LockGuard>);

impl LockGuard {
    pub(super) fn new(file: file::FileLockGuard, consul: Option<consul::ConsulLockGuard>) -> Self {
        Self { file, consul }
    }

    /// Checks that Eos still holds the lock. Fails if it does not, or if Consul cannot confirm it.
    pub async fn fence(&self) -> Result<Fence<'_>> {
        if let Some(consul) = &self.consul {
            consul.check().await?;
        }
        Ok(Fence(PhantomData))
    }

    /// The lock as a terraform needs it that is started while the lock is held.
    pub fn of_terraform(&self) -> process::InheritedLock<'_> {
        self.file.of_terraform()
    }

    /// Resolves when the lock is lost for good. The caller then asks terraform once to stop. A file lock is never lost.
    pub async fn lost(&self) -> Error {
        match &self.consul {
            None => pending().await,
            Some(consul) => consul.lost().await,
        }
    }

    /// How often the lock in Consul was lost and acquired again before anybody else had it.
    pub fn regained(&self) -> u32 {
        self.consul.as_ref().map_or(0, consul::ConsulLockGuard::regained)
    }

    pub fn state(&self) -> LockState {
        self.consul.as_ref().map_or(LockState::Held, consul::ConsulLockGuard::state)
    }

    /// The lock in Consul, if one is used.
    pub fn consul(&self) -> Option<&consul::ConsulLockGuard> {
        self.consul.as_ref()
    }

    /// Releases the lock. Call it only after terraform is reaped.
    /// If it returns an error, the lock is free on this host, and other hosts wait until the session in Consul has
    /// ended.
    pub async fn release(self) -> Result<()> {
        let released = match self.consul {
            None => Ok(()),
            Some(consul) => consul.release().await,
        };
        self.file.release();
        released
    }
}
