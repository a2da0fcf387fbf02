//! If root makes a file in another user's folder, root gives it to that user. Then both can work there.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, Stat, Uid, chownat, fstat, openat};
use rustix::io::Errno;

/// The user and the group that own a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileOwner {
    user: Uid,
    group: Gid,
}

impl FileOwner {
    /// None if this process is not root, or if root owns the folder.
    fn of(folder: &Path) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let metadata = fs::metadata(folder).ok().filter(|metadata| metadata.uid() != 0)?;
        Some(Self { user: Uid::from_raw(metadata.uid()), group: Gid::from_raw(metadata.gid()) })
    }

    /// Changes the owner through the descriptor, so that nobody can put another file in its place.
    fn give(self, file: impl AsFd, found: &Stat) -> io::Result<()> {
        let given = match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory | FileType::Symlink => true,
            // A file with more than one name may also be in another folder.
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
    match FileOwner::of(folder) {
        Some(heir) => heir.give(file, &fstat(file)?),
        None => Ok(()),
    }
}

/// Gives a folder to the owner of its parent folder.
pub(super) fn give_folder(folder: &Path) -> io::Result<()> {
    let Some(heir) = folder.parent().and_then(FileOwner::of) else { return Ok(()) };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(CWD, folder, flags, Mode::empty())?;
    heir.give(&opened, &fstat(&opened)?)
}

/// Gives everything that root owns below `folder` to the owner of `folder`. If root runs terraform, terraform writes as
/// root.
///
/// Follows no link, and never leaves the file system of `folder`. If a file cannot be given, root still owns it.
pub fn give_all(folder: &Path) {
    let Some(heir) = FileOwner::of(folder) else { return };
    let given = open_folder(CWD, folder).and_then(|opened| {
        let device = fstat(&opened)?.st_dev;
        walk(&opened, device, heir)
    });
    if let Err(error) = given {
        tracing::warn!("files of root in {} could not be given to its owner: {error}", folder.display());
    }
}

fn walk(folder: &OwnedFd, device: u64, heir: FileOwner) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        let found =
            match openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
                // Terraform and its providers may remove files at any moment.
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
