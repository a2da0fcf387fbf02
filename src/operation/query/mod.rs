//! Questions, one public function each: what is read, and the format of the answer. They change nothing.
//!
//! Must not know a component's turn or an apply.

pub mod credentials;
mod dead_references;
pub mod diff;
pub mod doctor;
pub mod drift;
mod examined;
mod failed_checks;
pub mod find_run;
pub mod graph;
pub mod health;
pub mod history;
mod history_filter;
pub mod inspect;
mod operation_names;
pub mod outputs;
mod run_summary;
pub mod service;
pub mod show;
pub mod snapshots;
pub mod state;
pub mod status;
pub mod validate;
pub mod why;
pub mod work_left;
