//! Questions to the APIs of clouds, beside those that Terraform's providers ask.
//!
//! This room knows how an API is asked and what its answer means. It must not know components, Terraform or Python.
//! In: an address and a credential. Out: facts.

pub mod hetzner;
