//! A small file system of its own, which is filled to the page.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PAGE: u64 = 4096;
const PAGES: u64 = 4096;

/// Mounted as long as it lives; what stands in the folder is hidden meanwhile.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// None, visibly, where this user may not mount.
    pub fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let options = format!("size={},mode=700", PAGE * PAGES);
        if !quietly("mount", &["-t", "tmpfs", "-o", &options, "tmpfs"], folder) {
            eprintln!("SKIPPED for want of the right to mount a small file system");
            return None;
        }
        Some(Self { folder: folder.to_owned() })
    }

    /// Leaves so many pages free; a file takes one at its first byte.
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
        // Whoever was forked while it was written may have it open: removed alone it would stay.
        if let Ok(filler) = std::fs::OpenOptions::new().write(true).open(self.filler()) {
            filler.set_len(0).unwrap();
        }
        let _ = std::fs::remove_file(self.filler());
    }

    /// Only while nobody has a file of it open to write.
    pub fn read_only(&self, is: bool) {
        let how = if is { "remount,ro" } else { "remount,rw" };
        // A process that was forked meanwhile may have our files open until it becomes another program.
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
