//! The pillar as it is written becomes types: everything that can be said of it without looking at the modules.
//!
//! Knows how levels merge and where each value stands. Must not know the modules' interfaces.
//! Through it passes: a JSON value in; a [`Draft`](super::Draft) and every [`Problem`](super::Problem) out.

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
mod provider;
mod rules;
mod scalars;
mod server;
mod service;
mod settings;
mod shared;
mod sources;
mod step;
mod terraform;
mod tree;
mod vault;

pub use overrides::Overrides;
pub use pillar::{adopt, read};
pub use service::about;
