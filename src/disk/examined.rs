//! What is known of a folder and its file system. Nothing that was written stays.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, StatVfsMountFlags, accessat, statvfs};
use rustix::process::geteuid;

use super::trust::user;
use crate::decide::doctor::{DiskFacts, RootFacts};
use crate::error::{Error, Result};

/// The bits of a mode that let other users in.
const OTHERS: u32 = 0o077;

/// The root, or the nearest folder above it that exists.
pub fn root(path: &Path) -> Result<RootFacts> {
    let nearest = nearest(path);
    let metadata = fs::metadata(&nearest).map_err(|error| Error::file(&nearest, "examine", error))?;
    let disk =
        statvfs(&nearest).map_err(|error| Error::file(&nearest, "examine the disk of", error.into()))?;
    let has = |flag| disk.f_flag.contains(flag);
    let may = accessat(CWD, &nearest, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok();
    let exists = nearest == path;
    let takes_none = (!exists && may && metadata.is_dir()).then(|| takes_no_folder(&nearest)).flatten();
    Ok(RootFacts {
        path: path.display().to_string(),
        exists,
        takes_none,
        is_folder: metadata.is_dir(),
        is_writable: may,
        is_read_only: has(StatVfsMountFlags::RDONLY),
        forbids_programs: has(StatVfsMountFlags::NOEXEC),
        user: user(geteuid().as_raw()),
        owner: user(metadata.uid()),
        mode: metadata.mode() & 0o7777,
        nearest: nearest.display().to_string(),
        ..RootFacts::default()
    })
}

/// Why no folder can be made there. Only an attempt shows it: rights say nothing about a file system such as /proc, a
/// quota, or a folder that is marked as immutable.
fn takes_no_folder(folder: &Path) -> Option<String> {
    let attempt = folder.join(format!(".eos-doctor-{}", std::process::id()));
    let made = fs::DirBuilder::new().mode(0o700).create(&attempt);
    made.and_then(|()| fs::remove_dir(&attempt)).err().map(|error| error.to_string())
}

/// The space of the file system that has this path. `used_for`: what it is used for.
pub fn disk(path: &Path, used_for: &'static str) -> Result<DiskFacts> {
    let nearest = nearest(path);
    let found =
        statvfs(&nearest).map_err(|error| Error::file(&nearest, "examine the disk of", error.into()))?;
    // A part of the disk is reserved for root.
    let is_root = geteuid().is_root();
    let free = if is_root { found.f_bfree } else { found.f_bavail };
    Ok(DiskFacts {
        path: nearest.display().to_string(),
        used_for,
        free: free.saturating_mul(found.f_frsize),
        total: found.f_blocks.saturating_mul(found.f_frsize),
        files: (found.f_files > 0).then_some(if is_root { found.f_ffree } else { found.f_favail }),
    })
}

/// Whether both paths are on one file system.
pub fn share_a_disk(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| fs::metadata(nearest(path)).ok().map(|metadata| metadata.dev());
    device(one).is_some() && device(one) == device(other)
}

/// The folders in `folder` that other users can read. None if they cannot reach it.
pub fn open_folders(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let is_open =
        |path: &Path| fs::metadata(path).is_ok_and(|found| found.is_dir() && found.mode() & OTHERS != 0);
    if !is_open(root) || !is_open(folder) {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut open: Vec<_> = entries.filter(|path| is_open(path)).collect();
    open.sort();
    open
}

fn nearest(path: &Path) -> PathBuf {
    let existing = path.ancestors().find(|folder| fs::metadata(folder).is_ok());
    existing.unwrap_or(Path::new("/")).to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set(folder: &Path, mode: u32) {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_root_that_does_not_exist_is_judged_by_the_folder_that_would_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("srv/terraform");
        let found = root(&path).unwrap();
        assert!(!found.exists && found.is_writable && found.is_folder, "{found:?}");
        assert_eq!(found.nearest, folder.path().display().to_string());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was left there");
        fs::write(folder.path().join("srv"), "").unwrap();
        let below_a_file = root(&path).unwrap();
        assert!(!below_a_file.is_folder && !below_a_file.exists, "{below_a_file:?}");
        assert!(disk(&path, "the root").unwrap().total > 0);
    }

    #[test]
    fn a_root_below_a_folder_that_takes_no_folder_cannot_be_made() {
        let found = root(Path::new("/proc/nope/root")).unwrap();
        assert_eq!((found.nearest.as_str(), found.exists), ("/proc", false));
        // Root may write everywhere. Others are refused by the rights.
        assert_eq!(found.takes_none.is_some(), found.is_writable, "{found:?}");
        assert!(found.takes_none.is_some() || !geteuid().is_root(), "{found:?}");
    }

    #[test]
    fn a_folder_is_open_only_if_others_can_reach_it() {
        let root = tempfile::tempdir().unwrap();
        let environment = root.path().join("staging");
        fs::create_dir_all(environment.join("net")).unwrap();
        fs::create_dir(environment.join(".eos")).unwrap();
        set(&environment.join("net"), 0o755);
        set(&environment.join(".eos"), 0o700);
        for (top, middle, open) in
            [(0o755, 0o755, vec![environment.join("net")]), (0o755, 0o700, vec![]), (0o700, 0o755, vec![])]
        {
            set(root.path(), top);
            set(&environment, middle);
            assert_eq!(open_folders(root.path(), &environment), open, "{top:o} {middle:o}");
        }
    }
}
