//! Where the locks of an environment are: in files, or in Consul.

use crate::error::Result;
use crate::lock::LockService;
use crate::model::Settings;
use crate::operation::request::host_reference::read;

/// The service that the settings name, with the token that they refer to.
pub fn service(settings: &Settings) -> Result<LockService> {
    let token = settings.lock.token().map(read).transpose()?;
    LockService::open(&settings.lock, token)
}
