//! The pillar as types that cannot be wrong.
//!
//! Knows the whole schema and how levels merge. Must not know files, Salt or Terraform's processes.
//! Through it passes: a JSON value in, a [`Blueprint`] or every [`Problem`] out.

pub mod address;
mod blueprint;
mod check;
mod component;
mod constraint;
mod credentials;
mod draft;
mod drift;
mod health;
mod hook;
mod interface;
mod lock;
mod merge;
mod name;
mod nearest;
mod path;
mod provider;
mod read_component;
mod read_health;
mod read_hooks;
mod read_lock;
mod read_provider;
mod read_server;
mod read_service;
mod read_settings;
mod read_step;
mod read_vault;
mod reader;
mod reference;
mod refusal;
mod server;
pub mod service;
mod settings;
mod sources;
mod step;
mod surgery;
mod task_secret;
mod tree;
mod vault;
mod version;

pub use blueprint::{Blueprint, Node};
pub use component::{Component, DependsOn, Input, OutputRef, Reference, Source, Template};
pub use draft::{Draft, Overrides, read};
pub use drift::{DriftRules, Pattern};
pub use health::{
    ConsulProbe, Gate, Given, HttpProbe, NomadProbe, OwnOutput, Probe, Statuses, TcpProbe, Timing,
};
pub use hook::{Action, ConsulService, Hook, HookFailure, Prometheus, Webhook};
pub use interface::{Attribute, Constraint, Interface, Output, Variable};
pub use lock::{ConsulLock, Lock, Tls};
pub use name::Name;
pub use nearest::{hint, listed, nearest};
pub use path::{PillarPath, Problem};
pub use provider::{Credential, Origin, Provider, Variable as ProviderVariable};
pub use read_health::{job_name, registered_name};
pub use read_service::{about, component_name, service_name};
pub use reference::{lookalikes, output, reference};
pub use refusal::refusal;
pub use server::{ConsulServer, HandsSecrets, NomadServer};
pub use settings::{Backend, FirstFailure, Loss, OnFailure, Policy, Rollback, Settings, Terraform, Timeouts};
pub use step::{Batch, Step, Target, What};
pub use surgery::{Address, Surgery};
pub use task_secret::{Bearer, SecretKind, SecretOrigin, TaskSecret, handed_key, nomad_variable};
pub use vault::{VaultAuth, VaultPath, VaultServer};
pub use version::{Version, VersionConstraint};

#[cfg(test)]
mod tests;
