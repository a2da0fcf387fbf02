//! Claims about the secrets of services: they reach the task and nobody else.

mod accidents;
mod bench;
mod by_nomad;
mod by_variable;
mod refusing;
mod rotating;
