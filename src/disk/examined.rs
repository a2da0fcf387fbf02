//! What is known of a folder and its file system. Nothing that was written stays.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, StatVfsMountFlags, accessat, statvfs};
use rustix::process::geteuid;

use super::trust::user;
use crate::decide::doctor::{DiskFacts, RootFacts};
use crate::error::{Error, Result};

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

/// What other users can read below a root.
#[derive(Debug, Default, PartialEq)]
pub struct Exposed {
    /// Folders in the folder of an environment that let them in, and files beside these that they can read.
    pub open: Vec<PathBuf>,
    /// Whether they can list the names in one of these folders, or in one above them.
    pub names: bool,
}

pub fn exposed(root: &Path) -> Exposed {
    let mut exposed = Exposed { names: lists(root), ..Exposed::default() };
    if !lets_in(root) {
        return exposed;
    }
    for environment in entries(root) {
        if !environment.is_dir() {
            exposed.open.extend(is_open(&environment).then_some(environment));
            continue;
        }
        exposed.names |= lists(&environment);
        for one in entries(&environment).filter(|_| lets_in(&environment)) {
            exposed.names |= one.is_dir() && lists(&one);
            exposed.open.extend(is_open(&one).then_some(one));
        }
    }
    exposed.open.sort();
    exposed
}

/// Links are left out: their own mode says nothing.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| !path.is_symlink())
}

fn is_open(path: &Path) -> bool {
    if path.is_dir() { lets_in(path) } else { lists(path) }
}

/// Others than the owner can use what is in the folder, if they know its name.
fn lets_in(folder: &Path) -> bool {
    has_bits(folder, 0o011)
}

/// Others than the owner can read the file, or the names in the folder.
fn lists(path: &Path) -> bool {
    has_bits(path, 0o044)
}

fn has_bits(path: &Path, bits: u32) -> bool {
    fs::metadata(path).is_ok_and(|found| found.mode() & bits != 0)
}

fn nearest(path: &Path) -> PathBuf {
    let existing = path.ancestors().find(|folder| fs::metadata(folder).is_ok());
    existing.unwrap_or(Path::new("/")).to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

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

    /// Whether another user can do this. Only root can try it as that user; the bits for others say the same.
    fn can(test: &str, path: &Path, way: &[&Path]) -> bool {
        if geteuid().is_root() {
            let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "test", test];
            return Command::new("setpriv").args(nobody).arg(path).status().unwrap().success();
        }
        let bits = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        way.iter().all(|folder| bits(folder) & 1 != 0) && bits(path) & 4 != 0
    }

    #[test]
    fn what_is_exposed_is_what_another_user_can_read() {
        let top = tempfile::tempdir().unwrap();
        set(top.path(), 0o755);
        let root = top.path().join("root");
        let environment = root.join("staging");
        let component = environment.join("net");
        let state = component.join("terraform.tfstate");
        fs::create_dir_all(&component).unwrap();
        fs::write(&state, "").unwrap();
        set(&state, 0o644);
        let modes = [0o700, 0o711, 0o744, 0o755];
        for (of_root, of_environment, of_component) in modes
            .iter()
            .flat_map(|one| modes.iter().flat_map(move |two| modes.map(|three| (*one, *two, three))))
        {
            set(&root, of_root);
            set(&environment, of_environment);
            set(&component, of_component);
            let found = exposed(&root);
            let way = [&*root, &*environment, &*component];
            let names = (0..3).any(|at| can("-r", way[at], &way[..at]));
            let case = format!("{of_root:o} {of_environment:o} {of_component:o}: {found:?}");
            assert_eq!(!found.open.is_empty(), can("-r", &state, &way), "{case}");
            assert_eq!(found.names, names, "{case}");
        }
    }

    #[test]
    fn a_readable_file_beside_the_folders_is_exposed_and_a_link_is_not() {
        let root = tempfile::tempdir().unwrap();
        let environment = root.path().join("gone");
        fs::create_dir(&environment).unwrap();
        let (note, hidden) = (environment.join("note"), environment.join("hidden"));
        for (path, mode) in [(&note, 0o644), (&hidden, 0o600)] {
            fs::write(path, "").unwrap();
            set(path, mode);
        }
        std::os::unix::fs::symlink(&hidden, environment.join("link")).unwrap();
        set(root.path(), 0o711);
        set(&environment, 0o711);
        assert_eq!(exposed(root.path()), Exposed { open: vec![note], names: false });
    }
}
