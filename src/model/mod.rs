//! The pillar as types that cannot hold invalid values.
//!
//! This room knows the whole schema and how levels merge. It must not know files, Salt or Terraform's processes.
//! In: a JSON value. Out: a [`Blueprint`], or every [`Problem`].

pub mod address;
mod approvals;
mod blueprint;
mod branch;
mod check;
mod component;
mod constraint;
mod did_you_mean;
mod draft;
mod drift;
mod health;
mod hook;
mod identity;
mod interface;
mod left_data;
mod lock;
mod name;
mod name_pattern;
mod output_path;
mod path;
pub mod pillar_entry;
mod price;
mod provider;
mod read;
mod reference;
mod refusal;
mod rotation;
mod run_hook;
mod server;
pub mod service;
mod setter;
mod settings;
mod state_edit;
mod step;
mod task_secret;
mod terraform_variables;
mod unquoted;
mod used_references;
mod vault;
mod vault_path;
mod version;
pub mod wildcards;

pub use address::{job_name, registered_name};
pub use approvals::{ApprovalRules, Approver};
pub use blueprint::{Blueprint, Node};
pub use branch::Branch;
pub use check::{check, edges, faults, notes, standard_value, unchecked_in_mesh};
pub use component::{Component, DependsOn, Input, Source, Template};
pub use constraint::{Attribute, Change, Constraint};
pub use did_you_mean::{environment_hint, hint, listed, nearest, some_listed};
pub use draft::Draft;
pub use drift::{DriftPattern, DriftRules, address_steps};
pub use health::{
    ConsulProbe, GateSettings, GateTiming, HttpProbe, NomadProbe, OwnOutput, ProbeSettings, StatusRanges,
    TcpProbe, ValueOrOutput,
};
pub use hook::{
    BodyFormat, ConsulService, Hook, HookAction, HookFailure, PrometheusTargets, Webhook, placed,
};
pub use identity::{Authentication, Identity};
pub use interface::{Interface, Output, Variable};
pub use left_data::{LeftData, PurgedKeys};
pub use lock::{ConsulLock, LockSettings, Tls};
pub use name::Name;
pub use name_pattern::NamePattern;
pub use path::{PillarPath, Problem};
pub use pillar_entry::{EntryKind, PillarEntry};
pub use price::{Price, Prices};
pub use provider::{Credential, CredentialOrigin, CredentialVariable as ProviderVariable, Provider};
pub use read::{
    DEFAULT_ENVIRONMENT, DOCUMENTS, Overrides, SERVICE_MAPS, SharedNames, Trace, WrittenComponent, about,
    adopt, read, shared_names,
};
pub use reference::{OutputRef, Reference, lookalikes, output, reference};
pub use refusal::refusal;
pub use rotation::{
    RotatedPath, RotationRequest, RotationTarget, ServiceSecret, secret_owner, secret_readers, stored_secrets,
};
pub use run_hook::{RunHook, RunHookAction, RunMetrics, RunMoment};
pub use server::{ConsulServer, NomadServer, RETRY_FOR, SecretDeliverySettings};
pub use service::{component_name, service_for, service_name};
pub use setter::{Content, Effect, Level, Setter};
pub use settings::{
    Backend, DataPolicy, DestructiveAction, Dialect, FirstFailure, OnFailure, PlannedStep, Policy,
    RollbackSettings, Settings, TerraformSettings, Timeouts,
};
pub use state_edit::{ResourceAddress, StateEdit};
use step::is_reserved;
pub use step::{Batch, MinionTarget, SaltCall, SaltStep};
pub use task_secret::{
    SecretDelivery, SecretKind, SecretOrigin, TaskSecret, nomad_variable, previous_key, variable_key,
};
pub use terraform_variables::{OURS as TERRAFORM_VARIABLES, allow_variable};
pub use used_references::{UsedReference, used_references};
pub use vault::{VaultAuth, VaultServer};
pub use vault_path::VaultPath;
pub use version::{Version, VersionConstraint};

#[cfg(test)]
mod tests;
