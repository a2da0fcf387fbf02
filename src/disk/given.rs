//! A file that a caller names, outside of every root.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::files::put_whole;
use crate::error::{Code, Error, Layer, Phase, Result};

/// Writes a whole file with mode 0600. An own file of this name is replaced. Anything else in its place is refused: a
/// link, a folder, a device, or a file of another user.
pub fn write_given(path: &Path, bytes: &[u8]) -> Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        found => Some(found.map_err(|error| cannot(path, &error))?),
    };
    if let Some(what) = found.as_ref().and_then(in_the_way) {
        let message = format!("{} is {what}: it was not written", path.display());
        return Err(refused(message, "name another file"));
    }
    // It renames, and so follows no link that appears in the meantime.
    put_whole(path, bytes).map_err(|error| cannot(path, &error))
}

fn in_the_way(found: &Metadata) -> Option<&'static str> {
    match found.file_type() {
        kind if kind.is_symlink() => Some("a symbolic link"),
        kind if kind.is_dir() => Some("a folder"),
        kind if !kind.is_file() => Some("not a file"),
        _ if found.uid() != rustix::process::geteuid().as_raw() => Some("a file of another user"),
        _ => None,
    }
}

fn cannot(path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot write {}: {error}", path.display());
    refused(message, "name a file in a folder that this user may write to")
}

fn refused(message: String, remedy: &'static str) -> Error {
    Error::new(Layer::Host, Phase::Preparation, Code::File, message, remedy)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_private_and_complete_and_replaces_an_own_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.html");
        for text in ["first", "second"] {
            write_given(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_written_through_a_link_or_in_place_of_a_folder_or_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("target"), "mine").unwrap();
        symlink(at("target"), at("link")).unwrap();
        symlink(at("nowhere"), at("broken")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        for (name, why) in [
            ("link", "is a symbolic link"),
            ("broken", "is a symbolic link"),
            ("folder", "is a folder"),
            ("/dev/null", "is not a file"),
            ("none/run.html", "cannot write"),
        ] {
            let error = write_given(&at(name), b"page").unwrap_err();
            assert!(error.message.contains(why), "{name}: {error}");
        }
        assert_eq!(fs::read_to_string(at("target")).unwrap(), "mine");
        assert!(!at("nowhere").exists());
    }
}
