//! Health gates: whether what was made does its work.
//!
//! Knows how to ask by HTTP and TCP, Nomad and Consul, once or until the gates hold. Must not know components,
//! states, Terraform.
//! Through it passes: a [`Gate`] with its values in; what was answered, without a secret, out.

mod answer;
mod consul;
mod gate;
mod http;
mod nomad;
mod tcp;
mod watch;

pub use answer::{Answer, Never, Outlook};
pub use consul::Gated as ConsulGate;
pub use gate::{Gate, Opening};
pub use watch::{Tally, Unhealthy, watch};
