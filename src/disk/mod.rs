//! Folders and files below a root: private, whole or absent, and owned by the right user.
//!
//! Every folder and file that Eos makes below a root is made here. Knows owners and modes.
//! Must not know what a file holds. Through it passes: bytes in, and a refusal where a folder is not safe.

mod files;
mod give;
mod trust;
mod unfinished;

pub use files::{
    append_line, create_json, ensure_private, open_private, read, read_json, read_ours, remove, replace,
    set_executable, torn, write, write_json,
};
pub use give::give_all;
pub use trust::Trust;
pub use unfinished::sweep as sweep_unfinished;
