//! `tests/fixtures` has the files and Consul keys of each release. The present code must be able to continue with them.
//!
//! `make fixtures` writes those of this version with `making.rs`. Everything else only reads them.

mod making;
mod portable;
mod reading;
