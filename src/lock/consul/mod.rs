//! A lock that spans hosts: a key in Consul, held by a session that Eos renews.
//!
//! Knows what a lock in Consul means. The key is `{prefix}/{environment}/{component}/lock`. Only its value names the
//! holder.

mod acquire;
mod claim;
mod guard;
mod list;
mod objects;
mod payload;
mod runs;
mod service;
mod standing;
mod trouble;
mod unlock;
mod watch;

pub use guard::Guard;
pub use list::Held;
pub use service::Consul;
pub use standing::{Doubt, Loss, Standing};
