//! The files that we write for Terraform, as text.
//!
//! Knows Terraform's formats. Must not know where the files go.
//! Through it passes: settings and values in, text out.

mod backend;
mod hcl_variables;
mod service;
mod surgery;
mod tfvars;

pub use backend::{MARK, backend};
pub use hcl_variables::hcl_variables;
pub use service::{job, module, template_name};
pub use surgery::surgery;
pub use tfvars::tfvars;
