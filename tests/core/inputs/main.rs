//! Claims about what goes into a module's variables, with a real terraform and without Salt.

#[path = "../support/mod.rs"]
mod support;

mod nulls;
mod references;
