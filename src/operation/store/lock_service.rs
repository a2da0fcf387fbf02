//! Where the locks of an environment are: in files, or in Consul.

use crate::error::Result;
use crate::lock::{Holder, LockService};
use crate::model::Settings;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::host_reference::read;

/// The service that the settings name, with the token that they refer to.
pub fn service(settings: &Settings) -> Result<LockService> {
    let token = settings.lock.token().map(read).transpose()?;
    LockService::open(&settings.lock, token)
}

/// This call, as it is named in locks, journals and approvals. It is about no single component.
pub fn caller(builder: &ReportBuilder) -> Holder {
    let identity = &builder.identity;
    Holder {
        run_id: builder.run_id.clone(),
        jid: identity.jid.clone(),
        minion: identity.minion.clone(),
        user: identity.user.clone(),
        identity: identity.known.clone(),
        operation: builder.operation.clone(),
        environment: builder.environment.clone(),
        ..Holder::here()
    }
}
