//! Telling others of a component: Consul's keys and catalogue, a file of Prometheus's, a webhook.
//!
//! Knows HTTP and files. Must not know components, Terraform or what is a secret: it is given what may be told.
//! Through it passes: what to tell in; nothing, or a sentence that says why not, out.

mod consul;
mod prometheus;
mod webhook;

pub use consul::Publisher;
pub use prometheus::{forget, write};
pub use webhook::post;
