//! Publishes the data of a component or of a run to other programs: keys and services in Consul, a file for
//! Prometheus, a webhook.
//!
//! Knows HTTP and files. Must not know components, Terraform or what is a secret: it receives only public data.
//! In: the data. Out: nothing, or a sentence with the reason of a failure.

mod consul;
mod prometheus;
mod webhook;

pub use consul::Publisher;
pub use prometheus::{RunNumbers, forget, write, write_metrics};
pub use webhook::{Target, body, post};
