//! Claims about the Consul lock, with a real agent. Each test has keys of its own.

mod acquiring;
mod fencing;
#[path = "../support/http_backend.rs"]
mod http_backend;
mod keeping;
#[path = "../support/killed.rs"]
mod killed;
mod listing;
mod losing;
#[path = "../support/postgres.rs"]
mod postgres;
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
mod takeover;
mod tls;
mod torn;
#[path = "../support/world.rs"]
mod world;

#[test]
#[ignore = "the other half of a test of a takeover"]
fn an_eos_that_will_be_killed() {
    killed::orchestrate_as_told();
}
