//! Health gates: whether the deployed resources do their work.
//!
//! Measures gates by HTTP, TCP, Nomad and Consul, once or until they hold. Must not know components, states, Terraform.
//! In: a [`Gate`] with its values. Out: the answers, without secrets.

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
