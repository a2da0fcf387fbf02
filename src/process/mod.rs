//! Runs one child process: writes its output to files, waits for its exit, ends the rest of its group, and keeps its
//! lock until then.
//!
//! Knows signals, sessions and descriptors. Must not know what the child is for.
//! In: a [`Command`]. Out: each line of output when it appears, and an [`Exit`].

mod cancel;
mod child;
mod command;
mod descriptors;
mod feed;
mod group;
mod guardian;
mod identity;
mod inherited_lock;
mod pidfd;
mod run;
mod signals;
mod spawn;
mod stack;
mod supervised_child;
mod tail;

pub use cancel::{Cancel, Cause};
pub use command::{Command, Limits};
pub use guardian::Guardian;
pub use identity::{ProcessIdentity, boot_id};
pub use inherited_lock::{InheritedLock, ProcessText};
pub use run::{CutShort, Exit, run, start};
