//! What all questions of one call share.

use tokio::sync::Semaphore;

use super::deadline::Deadline;
use super::secrets::LayerSecrets;
use super::usage::Usage;
use crate::model::{Draft, Settings};
use crate::operation::request::call::CallerIdentity;
use crate::operation::session::channel::HostChannel;

pub struct Questions<'a> {
    pub draft: &'a Draft,
    pub usage: &'a Usage,
    pub secrets: &'a LayerSecrets,
    pub deadline: &'a Deadline,
    pub channel: &'a HostChannel,
    pub identity: &'a CallerIdentity,
    pub run_id: &'a str,
    /// Also asks for rights, clocks and versions.
    pub examines: bool,
    /// Limits the terraforms that ask backends at the same time, for all environments of the call.
    pub pulls: &'a Semaphore,
}

impl Questions<'_> {
    pub fn settings(&self) -> &Settings {
        &self.draft.settings
    }

    /// The answer of a question that only an examination asks. None if it is not asked.
    pub async fn examine<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        if self.examines { Some(question.await) } else { None }
    }
}
