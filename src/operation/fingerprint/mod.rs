//! What a component's plan depends on, compared without a plan, a parsed module or a process.
//!
//! Knows the pillar as it is written, modules, and records. Must not know locks, sessions or terraform's commands.

pub mod affected;
mod made_from;
mod passing;
mod slice;

pub use made_from::MadeFrom;
pub use passing::Passing;
pub use slice::{PillarSlice, PillarSlices};
