//! What a release leaves on the disk and in Consul is kept in `tests/fixtures`, and today's code has to go on with it.
//!
//! `make fixtures` writes those of this version; `making.rs` does it, and everything else only reads.

#[path = "../support/killed.rs"]
mod killed;
mod making;
mod portable;
mod reading;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/world.rs"]
mod world;

#[test]
#[ignore = "the other half of the making of fixtures"]
fn an_eos_that_will_be_killed() {
    killed::orchestrate_as_told();
}
