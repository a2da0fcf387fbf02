//! The context in which a service is read.

use crate::model::Name;
use crate::model::read::shared::SharedSettings;
use crate::model::settings::Settings;

/// The environment of a service, and the settings above it.
pub(in crate::model::read) struct ServiceContext<'a> {
    pub environment: &'a Name,
    pub shared: &'a SharedSettings,
    pub settings: &'a Settings,
}
