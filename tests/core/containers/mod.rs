//! Claims about services that are containers, on a real Docker engine.

mod deployments;
mod failing;
mod files;
mod matrix;
mod mesh;
mod networks;
mod running;
mod stage;
