//! What all questions of one call share.

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
}

impl Questions<'_> {
    pub fn settings(&self) -> &Settings {
        &self.draft.settings
    }
}
