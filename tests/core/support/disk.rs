//! A small file system that a test can fill exactly to a number of pages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PAGE: u64 = 4096;
const PAGES: u64 = 4096;

/// A mounted file system. It is unmounted when this is dropped. Until then, it hides the folder's own files.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// None, with a message, if this user may not mount.
    pub fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let options = format!("size={},mode=700", PAGE * PAGES);
        if !quietly("mount", &["-t", "tmpfs", "-o", &options, "tmpfs"], folder) {
            eprintln!("SKIPPED, missing: the right to mount a small file system");
            return None;
        }
        Some(Self { folder: folder.to_owned() })
    }

    /// Fills the disk except for this number of pages. A file needs one page for its first byte.
    pub fn leave(&self, pages: u64) {
        self.clear();
        let free = rustix::fs::statvfs(&self.folder).unwrap().f_bavail;
        let filler = std::fs::File::create(self.filler()).unwrap();
        if free > pages {
            rustix::fs::fallocate(&filler, rustix::fs::FallocateFlags::empty(), 0, (free - pages) * PAGE)
                .unwrap();
        }
        assert_eq!(rustix::fs::statvfs(&self.folder).unwrap().f_bavail, pages.min(free));
    }

    pub fn clear(&self) {
        // A process that was forked during the write may have the file open. Its space would stay used if it were only
        // removed.
        if let Ok(filler) = std::fs::OpenOptions::new().write(true).open(self.filler()) {
            filler.set_len(0).unwrap();
        }
        let _ = std::fs::remove_file(self.filler());
    }

    /// Makes the disk read-only or writable. This works only while no process has a file on it open for writing.
    pub fn read_only(&self, is: bool) {
        let how = if is { "remount,ro" } else { "remount,rw" };
        // A process that was forked in the meantime may have files open until its exec.
        super::killed::until(how, || quietly("mount", &["-o", how], &self.folder));
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        quietly("umount", &["-l"], &self.folder);
    }
}

fn quietly(program: &str, words: &[&str], folder: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(words).arg(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
