//! Claims about the secrets of services: they reach the task, and nobody else.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/server.rs"]
mod server;

#[path = "../support/world.rs"]
mod world;

mod bench;
mod by_nomad;
mod by_variable;
mod refusing;
