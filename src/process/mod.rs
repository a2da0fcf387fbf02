//! Runs one child process: its output in files, its end awaited, its group swept, its lock kept until then.
//!
//! Knows signals, sessions and descriptors. Must not know what the child is for.
//! Through it passes: a [`Command`] in; lines as they come, and an [`Exit`] out.

mod cancel;
mod child;
mod command;
mod descriptors;
mod feed;
mod group;
mod guardian;
mod identity;
mod keep;
mod pidfd;
mod run;
mod signals;
mod spawn;
mod stack;
mod tail;
mod ward;

pub use cancel::{Cancel, Cause};
pub use command::{Command, Limits};
pub use guardian::Guardian;
pub use identity::{ProcessIdentity, boot_id};
pub use keep::{Lock, Text};
pub use run::{CutShort, Exit, run};
