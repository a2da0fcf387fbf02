//! Root gives what it makes in another user's folder to that user. Both can then work there.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, Stat, Uid, chownat, fstat, openat};
use rustix::io::Errno;

/// The user and the group that a folder belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heir {
    user: Uid,
    group: Gid,
}

impl Heir {
    /// None where this process is not root, or where the folder is root's.
    fn of(folder: &Path) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let found = fs::metadata(folder).ok().filter(|found| found.uid() != 0)?;
        Some(Self { user: Uid::from_raw(found.uid()), group: Gid::from_raw(found.gid()) })
    }

    /// Through the descriptor: nobody can put another file in its place.
    fn give(self, file: impl AsFd, found: &Stat) -> io::Result<()> {
        let given = match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory | FileType::Symlink => true,
            // One that has another name is perhaps not only here.
            FileType::RegularFile => found.st_nlink == 1,
            _ => false,
        };
        match given && found.st_uid == 0 {
            true => Ok(chownat(file, "", Some(self.user), Some(self.group), AtFlags::EMPTY_PATH)?),
            false => Ok(()),
        }
    }
}

/// Gives a new file in `folder` to the owner of `folder`.
pub(super) fn give_file(file: &File, folder: &Path) -> io::Result<()> {
    match Heir::of(folder) {
        Some(heir) => heir.give(file, &fstat(file)?),
        None => Ok(()),
    }
}

/// Gives a folder to the owner of the folder it is in.
pub(super) fn give_folder(folder: &Path) -> io::Result<()> {
    let Some(heir) = folder.parent().and_then(Heir::of) else { return Ok(()) };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(CWD, folder, flags, Mode::empty())?;
    heir.give(&opened, &fstat(&opened)?)
}

/// Gives all that is root's below `folder` to the owner of `folder`: terraform, run by root, writes as root.
///
/// Follows no link and leaves the file system of `folder` never. What cannot be given stays root's.
pub fn give_all(folder: &Path) {
    let Some(heir) = Heir::of(folder) else { return };
    let given = open_folder(CWD, folder).and_then(|opened| {
        let device = fstat(&opened)?.st_dev;
        walk(&opened, device, heir)
    });
    if let Err(error) = given {
        tracing::warn!("files of root in {} cannot be given to its owner: {error}", folder.display());
    }
}

fn walk(folder: &OwnedFd, device: u64, heir: Heir) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        let found =
            match openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
                // Terraform and its providers remove files at any moment.
                Err(Errno::NOENT) => continue,
                found => found?,
            };
        let stat = fstat(&found)?;
        if stat.st_dev != device {
            continue;
        }
        heir.give(&found, &stat)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            walk(&open_folder(&found, ".")?, device, heir)?;
        }
    }
    Ok(())
}

fn open_folder(at: impl AsFd, path: impl rustix::path::Arg) -> io::Result<OwnedFd> {
    Ok(openat(
        at,
        path,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}
