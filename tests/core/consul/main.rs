//! Claims about the Consul lock, with a real agent. Each test has keys of its own.

mod acquiring;
mod fencing;
#[path = "../support/http_backend.rs"]
mod http_backend;
mod keeping;
mod listing;
mod losing;
#[path = "../support/proxy.rs"]
mod proxy;
mod refusing;
mod running;
#[path = "../support/server.rs"]
mod server;
mod sharing;
#[path = "../support/mod.rs"]
mod site;
mod support;
mod tls;
