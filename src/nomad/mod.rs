//! Nomad's HTTP API: <https://developer.hashicorp.com/nomad/api-docs>.
//!
//! Sends requests to Nomad, follows one job, and finds out why it failed. Must not know components, Terraform.
//! In: a job's name. Out: the job's state, never the token.

mod addresses;
mod calls;
mod client;
mod cluster;
mod deployment_watch;
mod diagnose;
mod error;
mod job_diff;
mod job_note;
mod objections;
mod preflight;
mod rights;
mod variables;
mod volumes;

pub use calls::JobText;
pub use client::NomadClient;
pub use deployment_watch::{DeploymentWatch, JobHealth, ServingAllocations};
pub use diagnose::Diagnosis;
pub use error::NomadError;
pub use job_note::JobNote;
pub use preflight::{CheckedJob, JobRefusal, JobSubmission, KindChange};
pub use variables::NomadVariable;
pub use volumes::HostVolume;

/// A job's id and namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobName {
    pub namespace: String,
    pub id: String,
}
