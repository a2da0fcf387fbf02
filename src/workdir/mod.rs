//! The folder in which Terraform runs for one component.
//!
//! Knows all paths of Eos, and which files belong to Eos, to the module or to a person. Must not know plans or policy.
//! In: a module and its inputs. Out: a folder in which terraform can run.

mod layout;
mod manifest;
mod materialise;
mod retain;
mod room;
mod run_ids;

pub use crate::disk::examined;
pub use crate::disk::{
    append_line, create_json, ensure_lasting, ensure_private, read, read_json, read_ours, remove, replace,
    set_executable, sweep_unfinished, sync_file, sync_folder, torn, write, write_json, write_whole,
};
pub use layout::{ComponentPaths, Layout};
pub use manifest::Manifest;
pub use materialise::materialise;
pub use retain::{retain_newest, retain_newest_of_each};
pub use room::{remove_ours, sync_names};
pub use run_ids::{ids, next_id};
