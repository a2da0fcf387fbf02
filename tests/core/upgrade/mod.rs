//! What a release leaves on the disk and in Consul is kept in `tests/fixtures`, and today's code has to go on with it.
//!
//! `make fixtures` writes those of this version; `making.rs` does it, and everything else only reads.

mod making;
mod portable;
mod reading;
