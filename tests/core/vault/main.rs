//! Claims about secrets in Vault, with a real one and a real terraform.

mod canary;
mod ensuring;
mod lending;
mod login;
mod providing;
mod reading;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod site;
mod support;
#[path = "../support/web.rs"]
mod web;
#[path = "../support/world.rs"]
mod world;
