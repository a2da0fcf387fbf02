//! Nomad's HTTP API: <https://developer.hashicorp.com/nomad/api-docs>.
//!
//! Knows how a Nomad is asked, follows one job, tells why it failed. Must not know components, Terraform.
//! Through it passes: a job's name in; what became of it out, without the token.

mod calls;
mod client;
mod diagnose;
mod follow;
mod preflight;
mod trouble;
mod variables;

pub use client::Nomad;
pub use diagnose::Diagnosis;
pub use follow::{Follow, Found, Servers};
pub use preflight::{Checked, Refusal, Spec};
pub use trouble::Trouble;
pub use variables::Variable;

/// A job's name, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobName {
    pub namespace: String,
    pub id: String,
}
