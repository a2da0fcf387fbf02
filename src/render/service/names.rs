//! What the files of a service's module are called, and how they begin.

use crate::model::service::Service;

/// Beside the module's other files.
pub fn template_name(service: &Service) -> String {
    format!("{}.nomad.tpl", service.name)
}

/// The first line of every file of ours.
pub fn mark(service: &Service) -> String {
    format!("# Written by Eos from infrastructure:services:{}.\n", service.name)
}
