//! Eos: a pillar comes in, is validated once, and flows in one direction. Terraform runs at the edge.
//!
//! Pure rooms (no I/O, no clock, no tasks): [`model`], [`graph`], [`render`], [`change`], [`decide`].
//! Edge: [`disk`], [`resolve`], [`workdir`], [`record`], [`snapshot`], [`journal`], [`lock`], [`process`],
//! [`terraform`], [`nomad`], [`health`], [`hooks`], [`vault`].
//! [`operation`] joins them into the operations of users. `python` is the Python module, and [`view`] formats reports.

pub mod change;
mod clock;
mod cloud;
pub mod command_line;
mod consul;
mod count;
pub mod decide;
mod digest;
pub mod disk;
mod empty;
pub mod error;
pub mod graph;
pub mod health;
pub mod hooks;
pub mod host;
mod http;
pub mod journal;
pub mod lock;
pub mod model;
pub mod nomad;
pub mod operation;
pub mod panic_guard;
mod printable;
pub mod process;
#[cfg(feature = "python")]
mod python;
pub mod record;
pub mod render;
pub mod report;
pub mod resolve;
mod shell;
pub mod snapshot;
pub mod terraform;
pub mod vault;
pub mod view;
pub mod words;
pub mod workdir;
