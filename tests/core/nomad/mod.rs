//! Jobs on a real Nomad: followed, refused before anything changes, diagnosed, and as components' gates.

mod asking;
mod components;
mod diagnosing;
mod following;
mod gates;
mod servers;
mod versions;
