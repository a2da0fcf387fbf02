//! A lock that spans hosts: a key in Consul, held by a session that Eos renews.
//!
//! Knows what a lock in Consul means. The key is `{prefix}/{environment}/{component}/lock`. Only its value names the
//! holder.

mod acquire;
mod claim;
mod errors;
mod guard;
mod list;
mod objects;
mod payload;
mod runs;
mod service;
mod state;
mod suspension;
mod unlock;
mod watch;

pub use guard::ConsulLockGuard;
pub use service::ConsulLocks;
pub use state::{LockState, LostReason, UnknownReason};
