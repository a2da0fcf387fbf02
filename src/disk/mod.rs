//! Folders and files below a root: private, complete or absent, and owned by the right user.
//!
//! Eos makes every folder and file below a root here. Knows owners and modes. Must not know the content of files.
//! In: bytes. Out: an error if a folder is not safe.

pub mod examined;
mod files;
mod given;
mod narrow;
mod ownership;
mod trust;
mod unfinished;

pub use files::{
    append_line, create_json, ensure_lasting, ensure_private, open_private, read, read_json, read_ours,
    remove, replace, set_executable, sync_file, sync_folder, torn, write, write_json, write_whole,
};
pub use given::write_given;
pub use narrow::{close, narrow_all, narrow_files};
pub use ownership::give_all;
pub use trust::Trust;
pub use unfinished::sweep as sweep_unfinished;
