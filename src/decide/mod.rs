//! What to do, given what is known.
//!
//! Knows policy, a plan's changes and what the record and the state say. Must not know files or processes.
//! Through it passes: facts in; a verdict out.

mod policy;
mod state;

pub use policy::{Blocked, Consent, judge};
pub use state::{Remembered, State, StateOutput, StateProblem, compare};
