//! Checks the request, and builds the frame of the answer.
//!
//! Knows arguments, the pillar as it arrived, and the format of an answer. Must not know how the request is carried
//! out.

pub mod answer;
pub mod arguments;
pub mod call;
pub mod host_reference;
pub mod pillar;
mod plan_commands;
pub mod question;
