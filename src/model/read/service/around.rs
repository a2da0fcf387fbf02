//! What a service is read with.

use crate::model::Name;
use crate::model::read::shared::Shared;
use crate::model::settings::Settings;

/// Where in which environment a service stands, and what stands above it.
pub(in crate::model::read) struct Around<'a> {
    pub environment: &'a Name,
    pub shared: &'a Shared,
    pub settings: &'a Settings,
}
