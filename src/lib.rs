//! Eos: a pillar goes in, is validated once, and flows one way, with Terraform at the rim.
//!
//! Pure rooms (no I/O, no clock, no tasks): [`model`], [`graph`], [`render`], [`change`], [`decide`].

pub mod change;
pub mod decide;
pub mod error;
pub mod graph;
pub mod host;
pub mod lock;
pub mod model;
pub mod process;
pub mod render;
pub mod report;
pub mod resolve;
pub mod terraform;
pub mod view;
