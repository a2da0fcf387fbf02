//! The files that we write for Terraform, as text.
//!
//! Knows Terraform's formats. Must not know where the files go.
//! Through it passes: settings and values in, text out.

mod backend;
mod tfvars;

pub use backend::{MARK, backend};
pub use tfvars::tfvars;
