//! Nomad's HTTP API: <https://developer.hashicorp.com/nomad/api-docs>.
//!
//! Sends requests to Nomad, follows one job, and finds out why it failed. Must not know components, Terraform.
//! In: a job's name. Out: the job's state, never the token.

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

/// A job's id and namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobName {
    pub namespace: String,
    pub id: String,
}
