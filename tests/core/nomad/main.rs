//! Jobs on a real Nomad: followed, refused before anything changes, diagnosed, and as components' gates.

mod asking;
mod components;
mod diagnosing;
mod following;
mod gates;
#[path = "../support/pair.rs"]
mod pair;
#[path = "../support/server.rs"]
mod server;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod versions;
#[path = "../support/web.rs"]
mod web;
#[path = "../support/world.rs"]
mod world;
