//! The file names in a service's module, and the first line of the files.

use crate::model::service::NomadService;

/// The name of the template. It is in the same folder as the other files of the module.
pub fn template_name(service: &NomadService) -> String {
    format!("{}.nomad.tpl", service.name)
}

/// The first line of each file that Eos writes.
pub fn mark(service: &NomadService) -> String {
    format!("# Written by Eos from infrastructure:services:{}.\n", service.name)
}
