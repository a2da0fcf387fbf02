//! The files that Eos writes for Terraform, as text.
//!
//! This room knows Terraform's formats. It must not know where the files go.
//! In: settings and values. Out: text.

mod backend;
pub mod described;
mod hcl_variables;
pub mod pillar_entry;
mod service;
mod state_edit;
mod tfvars;

pub use backend::{MARK, backend};
pub use hcl_variables::hcl_variables;
pub use service::{Idle, idle_removals, job, job_place, module, removed_names, template_name};
pub use state_edit::surgery;
pub use tfvars::tfvars;
