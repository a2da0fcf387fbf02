//! Claims about services that are containers, on a real Docker engine.

mod cell;
mod deployments;
mod failing;
mod files;
mod guest;
mod matrix;
mod mesh;
mod networks;
mod running;
mod stage;
