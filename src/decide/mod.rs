//! Decisions, made from facts.
//!
//! This room knows policy, the changes of a plan, and the content of the record, the state and measurements. It must
//! not know files or processes.
//! In: facts. Out: a verdict.

mod approval;
mod completed;
mod data;
mod deployment;
mod handing;
mod health;
mod instances;
mod meant;
mod noticing;
mod policy;
mod recovery;
mod retention;
mod rollback;
mod rollout;
mod service;
mod stale_lock;
mod standing;
mod state;
pub mod step;
mod surgery;
mod suspects;

pub use approval::{Fate, KeptPlan, fate};
pub use completed::Completed;
pub use data::DATA;
pub use deployment::{Course, course};
pub use handing::{Handing, Items, hand, handed, take_back};
pub use health::{Hold, Passing, Verdict, verdict};
use instances::address;
pub use instances::{Instance, instances};
pub use meant::{Demand, Meant, Naming, Unclear, is_id, meant};
pub use noticing::{Noticed, notice};
pub use policy::{Blocked, Consent, covers, judge};
pub use recovery::{Found, Head, LocalState, There, Unsaved, local_state, unsaved};
pub use retention::{Aged, surplus};
pub use rollback::{Aftermath, Back, Did, Trouble, back, needs_approval};
pub use rollout::{
    Allocation, Answers, Asked, Deployment, Evaluation, Group, Job, Rollout, Unplaced, Version, Versions,
    short_id,
};
pub use service::{Registered, remembered, served};
pub use stale_lock::{Dead, Doubt, Lease, is_dead};
pub use standing::{Ended, FailedVersion, Standing};
pub use state::{Remembered, State, StateJob, StateOutput, StateProblem, compare};
pub use surgery::{Need, need, others};
pub use suspects::{Ending, Story, Suspect};
