//! Everything that outlives a run, in files and in Consul beside the locks: records, configurations, saved plans,
//! approvals, the run log.
//!
//! Must not know sessions, terraform, or policy.

pub mod applied_plans;
pub mod approvals;
mod approver;
pub mod audit;
pub mod configurations;
pub mod given_values;
pub mod held_locks;
pub mod kept_text;
pub mod keyed_digest;
pub mod last_run;
pub mod lock_service;
pub mod pillar_entries;
pub mod plan_basis;
pub mod plan_contents;
pub mod records;
pub mod run_log;
pub mod run_values;
pub mod saved_plan;
pub mod saved_plans;
mod sealed;
pub mod shared_records;
pub mod unplanned;
