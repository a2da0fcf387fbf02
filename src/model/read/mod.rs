//! Converts the written pillar to types. Reports all problems that can be found without the modules.
//!
//! This room knows how levels merge and where each value is written. It must not know the modules' interfaces.
//! In: a JSON value. Out: a [`Draft`](super::Draft), and every [`Problem`](super::Problem).

mod approvals;
mod backend;
mod component;
mod fields;
mod health;
mod hooks;
mod lock;
mod merge;
mod overrides;
mod pillar;
mod problems;
mod profile;
mod provider;
mod rules;
mod run_hooks;
mod scalars;
mod server;
mod service;
mod settings;
mod shared;
mod shared_names;
mod source;
mod sources;
mod step;
mod terraform;
mod trace;
mod tree;
mod vault;
mod webhook;
mod written;
mod written_component;

pub use overrides::Overrides;
pub use pillar::{adopt, read};
pub use profile::{DEFAULT_ENVIRONMENT, DOCUMENTS};
pub use service::about;
pub use shared_names::{SharedNames, shared_names};
pub use trace::{SERVICE_MAPS, Trace};
pub use written_component::WrittenComponent;
