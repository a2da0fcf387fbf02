//! Checks which folders may be used. If another user can write a folder, that user can run code as this user.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;
use serde_json::json;

use super::ownership::give_folder;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::shell::quote;
use crate::words::{Words, words};

/// Write permission for the group or for others.
const WRITABLE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Below a root, this user, root, or the owner of the root must own each folder.
#[derive(Clone, Debug)]
pub struct Trust {
    root: PathBuf,
    /// The owner of the root; this user if the root does not exist yet.
    owner: u32,
}

impl Trust {
    /// Refuses a root in which other users can rename folders. The root itself may be a link, and any user may own it.
    pub fn of(root: &Path) -> Result<Self> {
        let us = geteuid().as_raw();
        let trust = |owner| Self { root: root.to_owned(), owner };
        let metadata = match fs::metadata(root) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(trust(us)),
            Err(error) => return Err(Error::file(root, "check", error)),
        };
        let trust = trust(metadata.uid());
        match metadata.mode() & WRITABLE != 0 && metadata.mode() & STICKY == 0 {
            true => Err(trust.refuse(root, &metadata, &["other users can write to it"])),
            false => Ok(trust),
        }
    }

    /// Refuses a folder of another user. A folder that does not exist is not an error.
    ///
    /// A folder that root made below the root of another user is given to that user.
    pub fn check(&self, folder: &Path) -> Result<()> {
        self.judge(folder, true)
    }

    /// `reachable`: whether other users can reach the folder. If not, it does not matter that they could write to it.
    fn judge(&self, folder: &Path, reachable: bool) -> Result<()> {
        let metadata = match fs::symlink_metadata(folder) {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(());
            }
            Err(error) => return Err(Error::file(folder, "check", error)),
        };
        if metadata.is_symlink() {
            return Err(self.refuse(folder, &metadata, &["it is a symbolic link"]));
        }
        if !metadata.is_dir() {
            return Ok(());
        }
        let us = geteuid().as_raw();
        let foreign = ![us, 0, self.owner].contains(&metadata.uid());
        let closed = !foreign && us != 0 && access(folder, Access::READ_OK | Access::EXEC_OK).is_err();
        let reasons = [
            (foreign, "it belongs to another user"),
            (closed, "this user may not enter it"),
            (reachable && metadata.mode() & WRITABLE != 0, "other users can write to it"),
        ];
        let reasons: Vec<_> =
            reasons.into_iter().filter_map(|(is_so, reason)| is_so.then_some(reason)).collect();
        if !reasons.is_empty() {
            return Err(self.refuse(folder, &metadata, &reasons));
        }
        if us == 0 && metadata.uid() == 0 && self.owner != 0 {
            give_folder(folder).map_err(|error| Error::file(folder, "change the owner of", error))?;
        }
        Ok(())
    }

    /// Checks each folder in `folder`. A link to a folder must not lead out of `folder`.
    pub fn check_entries(&self, folder: &Path) -> Result<()> {
        self.folders(folder, folder, &|_| true).map(drop)
    }

    /// Checks each folder below `folder`, at any depth. In a folder with a name in `shallow`, only the direct entries
    /// are checked.
    ///
    /// Eos makes the folders directly in `folder`, except those in `shallow`: no other user may write there. Terraform
    /// and a module make the others, with the caller's umask. If `folder` is closed to other users, they cannot be
    /// reached.
    pub fn check_below(&self, folder: &Path, shallow: &[&str]) -> Result<()> {
        let closed = fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o077 == 0);
        let is_shallow =
            |path: &Path| path.file_name().is_some_and(|name| shallow.iter().any(|one| name == *one));
        let reachable = |path: &Path| !closed || (path.parent() == Some(folder) && !is_shallow(path));
        let mut open = vec![folder.to_owned()];
        while let Some(next) = open.pop() {
            let is_shallow = is_shallow(&next);
            let bounds = if is_shallow { &next } else { folder };
            let found = self.folders(&next, bounds, &reachable)?;
            if !is_shallow {
                open.extend(found);
            }
        }
        Ok(())
    }

    /// Checks and returns the folders in `folder`. Links that stay below `bounds` are neither refused nor followed.
    /// `reachable`: whether other users can reach a folder.
    fn folders(
        &self,
        folder: &Path,
        bounds: &Path,
        reachable: &dyn Fn(&Path) -> bool,
    ) -> Result<Vec<PathBuf>> {
        let unreadable = |error| Error::file(folder, "read the folder", error);
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(unreadable(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
            if kind.is_dir() {
                self.judge(&path, reachable(&path))?;
                found.push(path);
            } else if kind.is_symlink() && leads_out(&path, bounds) {
                self.judge(&path, reachable(&path))?;
            }
        }
        Ok(found)
    }

    fn refuse(&self, folder: &Path, metadata: &Metadata, reasons: &[&str]) -> Error {
        let (owner, mode) = (user(metadata.uid()), metadata.permissions().mode() & 0o7777);
        let path = quote(&folder.display().to_string());
        let message = format!(
            "the folder {} is not safe to use: {} (owner {owner}, mode {mode:04o})",
            folder.display(),
            reasons.join(" and ")
        );
        let remedy = match (metadata.is_symlink(), self.commands(folder, metadata).join(" && ")) {
            (true, _) => words![
                "check where the link leads, then run: ",
                Words::shell(format!("rm {path}")),
                "; to keep the files elsewhere, set infrastructure:settings:root"
            ],
            (false, commands) if commands.is_empty() => {
                words!["run the command as ", owner.clone(), " or as root"]
            }
            (false, commands) => words!["check its contents, then run as root: ", Words::shell(commands)],
        };
        Error::new(Layer::Host, Phase::Preparation, Code::FolderNotTrusted, message, remedy)
            .with(json!({ "folder": folder, "owner": owner, "mode": format!("{mode:04o}") }))
    }

    /// The commands that make a folder safe, if a change of its owner or mode is enough.
    fn commands(&self, folder: &Path, metadata: &Metadata) -> Vec<String> {
        let path = quote(&folder.display().to_string());
        let us = geteuid().as_raw();
        // Root gives its own files to the owner of the root.
        let rightful = if us == 0 { self.owner } else { us };
        let owned = [us, self.owner].contains(&metadata.uid()) || (us == 0 && metadata.uid() == 0);
        let is_root = folder == self.root;
        let chown = (!owned && !is_root).then(|| format!("chown -R {} {path}", user(rightful)));
        let chmod = (metadata.mode() & WRITABLE != 0).then(|| match is_root {
            true => format!("chmod go-w {path}"),
            false => format!("chmod -R go-w {path}"),
        });
        chown.into_iter().chain(chmod).collect()
    }
}

/// Whether a link leads to a folder that is not below `folder`.
fn leads_out(link: &Path, folder: &Path) -> bool {
    let (Ok(target), Ok(folder)) = (link.canonicalize(), folder.canonicalize()) else { return false };
    target.is_dir() && !target.starts_with(folder)
}

/// A user's name, or the number if this host has no name for it.
pub(super) fn user(id: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut users = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let named = users.find(|user| user.get(2).is_some_and(|number| *number == id.to_string()));
    named.and_then(|user| user.first().map(|name| (*name).to_owned())).unwrap_or_else(|| id.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn set(folder: &Path, mode: u32) {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn code(checked: Result<()>) -> Option<Code> {
        checked.err().map(|error| error.code)
    }

    #[test]
    fn folders_are_checked_at_any_depth_and_shallow_ones_only_at_the_top() {
        let root = tempfile::tempdir().unwrap();
        let top = root.path().join("net");
        fs::create_dir_all(top.join("module/sub/deep")).unwrap();
        fs::create_dir_all(top.join(".terraform/providers/deep")).unwrap();
        let trust = Trust::of(root.path()).unwrap();
        let check = || code(trust.check_below(&top, &[".terraform"]));
        assert_eq!(check(), None);
        for name in ["module", "module/sub", "module/sub/deep", ".terraform", ".terraform/providers"] {
            for mode in [0o720, 0o702, 0o777, 0o1777] {
                set(&top.join(name), mode);
                assert_eq!(check(), Some(Code::FolderNotTrusted), "{name} {mode:o}");
            }
            set(&top.join(name), 0o755);
            assert_eq!(check(), None, "{name}");
        }
        set(&top.join(".terraform/providers/deep"), 0o777);
        assert_eq!(check(), None);
    }

    #[test]
    fn below_a_closed_folder_only_the_folders_that_eos_makes_must_be_closed() {
        let root = tempfile::tempdir().unwrap();
        let top = root.path().join("net");
        fs::create_dir_all(top.join("module/site")).unwrap();
        fs::create_dir_all(top.join(".terraform/modules")).unwrap();
        let trust = Trust::of(root.path()).unwrap();
        let check = || code(trust.check_below(&top, &[".terraform"]));
        for name in ["module/site", ".terraform", ".terraform/modules"] {
            set(&top.join(name), 0o775);
            set(&top, 0o700);
            assert_eq!(check(), None, "{name}");
            set(&top, 0o755);
            assert_eq!(check(), Some(Code::FolderNotTrusted), "{name}");
            set(&top.join(name), 0o755);
        }
        set(&top, 0o700);
        set(&top.join("module"), 0o770);
        assert_eq!(check(), Some(Code::FolderNotTrusted));
    }

    #[test]
    fn a_link_is_refused_if_it_leads_outside() {
        let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let top = root.path().join("net");
        fs::create_dir_all(top.join("lib")).unwrap();
        fs::create_dir_all(top.join(".terraform/providers")).unwrap();
        fs::write(elsewhere.path().join("file"), "").unwrap();
        let trust = Trust::of(root.path()).unwrap();
        let check = || code(trust.check_below(&top, &[".terraform"]));
        // The code that writes the module follows no link to a file, and a plugin cache may be anywhere.
        symlink("lib", top.join("lib64")).unwrap();
        symlink("/nowhere", top.join("dangling")).unwrap();
        symlink(elsewhere.path().join("file"), top.join("file")).unwrap();
        symlink(elsewhere.path(), top.join(".terraform/providers/linux_amd64")).unwrap();
        assert_eq!(check(), None);
        for name in ["lib/out", ".terraform/modules"] {
            symlink(elsewhere.path(), top.join(name)).unwrap();
            assert_eq!(check(), Some(Code::FolderNotTrusted), "{name}");
            fs::remove_file(top.join(name)).unwrap();
        }
    }

    #[test]
    fn a_remedy_can_be_copied_even_if_the_path_has_a_space() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a b");
        fs::create_dir(&folder).unwrap();
        set(&folder, 0o777);
        let error = Trust::of(root.path()).unwrap().check(&folder).unwrap_err();
        let (_, command) = error.remedy.split_once(": ").unwrap();
        assert!(std::process::Command::new("/bin/sh").args(["-c", command]).status().unwrap().success());
        assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o755);
    }
}
