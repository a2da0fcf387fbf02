//! Health gates: whether the deployed resources do their work.
//!
//! Measures gates by HTTP, TCP, Nomad and Consul, once or until they hold. Must not know components, states, Terraform.
//! In: a [`HealthGate`] with its values. Out: the answers, without secrets.

mod answer;
mod consul;
mod gate;
mod http;
mod nomad;
mod tcp;
mod watch;

pub use answer::{FinalReason, Measurement, NoConnection, Outlook};
pub use consul::ConsulGate;
pub use gate::{GateContext, HealthGate};
pub use watch::{GateTally, Unhealthy, watch};
