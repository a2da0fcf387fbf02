//! The folder in which Terraform runs for one component.
//!
//! Knows where everything of ours lies, and which files are ours, the module's or a hand's.
//! Must not know plans or policy. Through it passes: a module and its inputs in, a folder ready to run out.

mod layout;
mod manifest;
mod materialise;
mod retain;
mod room;
mod succession;

pub use crate::disk::{
    append_line, create_json, ensure_private, read, read_json, read_ours, remove, replace, set_executable,
    sweep_unfinished, torn, write, write_json,
};
pub use layout::{Layout, Place};
pub use manifest::Manifest;
pub use materialise::materialise;
pub use retain::retain_newest;
pub use succession::{ids, next_id};
