//! Jobs on a real Nomad: followed, refused before any change, diagnosed, and as health gates of components.

mod asking;
mod components;
mod diagnosing;
mod following;
mod gates;
mod servers;
mod versions;
