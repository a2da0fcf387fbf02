//! Commands, one public function each: the arguments of the call, and the format of the answer.
//!
//! Must not know a component's turn, an apply or a workdir.

pub mod adopt_job;
mod approval_choice;
pub mod approve;
pub mod cancel;
pub mod carry;
pub mod create;
pub mod delete;
mod deploy;
pub mod ensure;
mod entry_change;
pub mod execution_module;
pub mod locks;
mod one_component;
pub mod promote;
mod purge;
pub mod requests;
pub mod resume;
mod state_edit;
pub mod state_run;
