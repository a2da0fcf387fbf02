//! The pillar as types that cannot hold invalid values.
//!
//! This room knows the whole schema and how levels merge. It must not know files, Salt or Terraform's processes.
//! In: a JSON value. Out: a [`Blueprint`], or every [`Problem`].

pub mod address;
mod blueprint;
mod check;
mod component;
mod constraint;
mod did_you_mean;
mod draft;
mod drift;
mod health;
mod hook;
mod interface;
mod lock;
mod name;
mod path;
mod provider;
mod read;
mod reference;
mod refusal;
mod server;
pub mod service;
mod settings;
mod step;
mod surgery;
mod task_secret;
mod vault;
mod vault_path;
mod version;

pub use address::{job_name, registered_name};
pub use blueprint::{Blueprint, Node};
pub use check::{check, faults};
pub use component::{Component, DependsOn, Input, Source, Template};
pub use constraint::{Attribute, Constraint};
pub use did_you_mean::{hint, listed, nearest};
pub use draft::Draft;
pub use drift::{DriftRules, Pattern};
pub use health::{
    ConsulProbe, Gate, Given, HttpProbe, NomadProbe, OwnOutput, Probe, Statuses, TcpProbe, Timing,
};
pub use hook::{Action, ConsulService, Hook, HookFailure, Prometheus, Webhook};
pub use interface::{Interface, Output, Variable};
pub use lock::{ConsulLock, Lock, Tls};
pub use name::Name;
pub use path::{PillarPath, Problem};
pub use provider::{Credential, Origin, Provider, Variable as ProviderVariable};
pub use read::{Overrides, about, adopt, read};
pub use reference::{OutputRef, Reference, lookalikes, output, reference};
pub use refusal::refusal;
pub use server::{ConsulServer, HandsSecrets, NomadServer, RETRY_FOR};
pub use service::{component_name, service_name};
pub use settings::{Backend, FirstFailure, Loss, OnFailure, Policy, Rollback, Settings, Terraform, Timeouts};
use step::is_reserved;
pub use step::{Batch, Step, Target, What};
pub use surgery::{Address, Surgery};
pub use task_secret::{Bearer, SecretKind, SecretOrigin, TaskSecret, handed_key, nomad_variable};
pub use vault::{VaultAuth, VaultServer};
pub use vault_path::VaultPath;
pub use version::{Version, VersionConstraint};

#[cfg(test)]
mod tests;
