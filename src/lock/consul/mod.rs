//! A lock that spans hosts: a key of Consul's, held by a session that we renew.
//!
//! Knows what a lock in Consul means. The key is `{prefix}/{environment}/{component}/lock`, and nothing but its value
//! says who holds it.

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
