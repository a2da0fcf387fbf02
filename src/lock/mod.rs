//! One run at a time for each component.
//!
//! Knows how a lock is taken, held and shown. Must not know what is done under it.
//! Through it passes: a [`Holder`] in; a [`Guard`] out, and from it the [`Fence`] that an apply needs.

mod file;
mod holder;

pub use file::{Fence, Guard, acquire, holder};
pub use holder::Holder;
