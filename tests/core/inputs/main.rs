//! Claims about what goes into a module's variables, with a real terraform and without Salt.

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/world.rs"]
mod world;

mod lacking;
mod nulls;
mod references;
