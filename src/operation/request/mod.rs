//! What came in, checked, and the frame of what goes out.
//!
//! Knows arguments, the pillar as it arrived, and how an answer is put together. Must not know what is done about it.

pub mod answer;
pub mod arguments;
pub mod call;
pub mod host_reference;
pub mod pillar;
