//! Takes the rights of other users from files that another program made with the caller's umask.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, RawMode, Stat, chmod, fstat, openat};
use rustix::io::Errno;

/// All permissions of the group and of others.
const OTHERS: RawMode = 0o077;

/// Closes the folder itself: nobody else can then reach what is in it.
pub fn close(folder: &Path) {
    let closed = open(CWD, folder).and_then(|found| narrow_one(&found, &fstat(&found)?));
    note(folder, closed);
}

/// Narrows the files directly in a folder whose names are `ours`.
pub fn narrow_files(folder: &Path, ours: impl Fn(&str) -> bool) {
    let narrowed = open(CWD, folder).and_then(|opened| {
        each(&opened, &ours, &mut |found, stat| {
            let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
            if is_file { narrow_one(found, stat) } else { Ok(()) }
        })
    });
    note(folder, narrowed);
}

/// Narrows all files and folders below a folder. Follows no link, and never leaves the file system of `folder`.
pub fn narrow_all(folder: &Path) {
    let narrowed = open(CWD, folder).and_then(|opened| below(&opened, fstat(&opened)?.st_dev));
    note(folder, narrowed);
}

fn below(folder: &OwnedFd, device: u64) -> io::Result<()> {
    each(folder, &|_| true, &mut |found, stat| {
        let kind = FileType::from_raw_mode(stat.st_mode);
        if stat.st_dev != device || !matches!(kind, FileType::RegularFile | FileType::Directory) {
            return Ok(());
        }
        narrow_one(found, stat)?;
        if kind == FileType::Directory { below(found, device) } else { Ok(()) }
    })
}

/// Calls `act` for each entry whose name is `ours`, with a descriptor that follows no link.
fn each(
    folder: &OwnedFd,
    ours: &dyn Fn(&str) -> bool,
    act: &mut dyn FnMut(&OwnedFd, &Stat) -> io::Result<()>,
) -> io::Result<()> {
    let listed = openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for entry in Dir::read_from(&listed)? {
        let entry = entry?;
        let name = entry.file_name();
        if [c".", c".."].contains(&name) || !ours(&name.to_string_lossy()) {
            continue;
        }
        match openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            // Terraform and its providers may remove files at any moment.
            Err(Errno::NOENT) => {}
            found => {
                let found = found?;
                act(&found, &fstat(&found)?)?;
            }
        }
    }
    Ok(())
}

/// Changes the mode through the descriptor, so that nobody can put another file in its place. A file with more than one
/// name may also be in another folder.
fn narrow_one(found: &OwnedFd, stat: &Stat) -> io::Result<()> {
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if stat.st_mode & OTHERS == 0 || (is_file && stat.st_nlink > 1) {
        return Ok(());
    }
    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777 & !OTHERS);
    match chmod(format!("/proc/self/fd/{}", found.as_raw_fd()), mode) {
        // The file of another user. The folder that contains it is closed.
        Err(Errno::PERM) => Ok(()),
        done => Ok(done?),
    }
}

fn open(at: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(
        at,
        path,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

fn note(folder: &Path, narrowed: io::Result<()>) {
    match narrowed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!("files in {} could not be closed to other users: {error}", folder.display());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn make(path: &Path, mode: u32) {
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn files_and_folders_lose_the_rights_of_others_and_keep_those_of_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::set_permissions(&deep, fs::Permissions::from_mode(0o775)).unwrap();
        make(&deep.join("state"), 0o644);
        make(&deep.join("provider"), 0o755);
        narrow_all(folder.path());
        assert_eq!(mode(&deep), 0o700);
        assert_eq!((mode(&deep.join("state")), mode(&deep.join("provider"))), (0o600, 0o700));
    }

    #[test]
    fn a_link_and_a_file_with_a_second_name_are_left_alone() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = elsewhere.path().join("target");
        make(&target, 0o644);
        symlink(&target, folder.path().join("link")).unwrap();
        symlink(elsewhere.path(), folder.path().join("folder")).unwrap();
        fs::hard_link(&target, folder.path().join("second")).unwrap();
        narrow_all(folder.path());
        narrow_files(folder.path(), |_| true);
        assert_eq!(mode(&target), 0o644);
    }

    #[test]
    fn only_named_files_are_narrowed_directly_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["ours", "site", "sub/ours"] {
            make(&folder.path().join(name), 0o644);
        }
        narrow_files(folder.path(), |name| name == "ours");
        let modes = ["ours", "site", "sub/ours"].map(|name| mode(&folder.path().join(name)));
        assert_eq!(modes, [0o600, 0o644, 0o644]);
        narrow_all(&folder.path().join("none"));
    }
}
